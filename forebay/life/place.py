from dataclasses import dataclass
from pathlib import Path

from infra.local.folder import StackFolder


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack's settings come from and where everything that it makes on this machine goes.

    Attributes:
        project: The checkout; holds `stacks/` and `.forebay/`.
        stack: The stack's name.
    """

    project: Path
    stack: str

    @property
    def settings(self) -> Path:
        return self.project / "stacks" / f"Pulumi.{self.stack}.yaml"

    @property
    def folder(self) -> StackFolder:
        return StackFolder(self.project / ".forebay" / self.stack)

    @property
    def engine(self) -> Path:
        """The engine's working folder: its project file and the run-time copy of the stack file."""
        return self.folder.root / "engine"

    @property
    def state(self) -> Path:
        return self.folder.root / "state"

    @property
    def passphrase(self) -> Path:
        return self.folder.root / "passphrase"

    @property
    def half_done(self) -> Path:
        """What a killed run was in the middle of, until an `up` has dealt with it."""
        return self.folder.root / "half-done.json"

    @property
    def lock(self) -> Path:
        """Lies beside the stack's folder, so that taking the folder away does not take the lock from its holder."""
        return self.project / ".forebay" / f"{self.stack}.lock"


def project_root() -> Path:
    """The checkout that this installation runs from."""
    return Path(__file__).resolve().parents[2]
