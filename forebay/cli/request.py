import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forebay.errors import UsageError
from forebay.life.place import Place, project_root

PROJECT_VARIABLE = "FOREBAY_PROJECT"
"""Environment variable that names the project folder, where `--project` does not."""

_STACK_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_STACK_FILE = re.compile(r"Pulumi\.([a-z0-9][a-z0-9-]*)\.yaml")


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for, common to all commands.

    Attributes:
        target: Where to build, if not where the settings say.
        project: The folder that holds `stacks/` and `.forebay/`; None for the one of the environment, or the checkout.
    """

    command: str
    stack: str = "local"
    target: str | None = None
    json: bool = False
    project: Path | None = None

    def place(self, environment: Mapping[str, str]) -> Place:
        """The stack's place.

        Raises:
            UsageError: If the stack's name cannot be one.
        """
        if _STACK_NAME.fullmatch(self.stack) is None:
            allowed = "up to 40 lower-case letters, digits and hyphens"
            raise UsageError(f"{self.stack!r} is no name of a stack: {allowed}; `forebay up --help` has examples")
        return Place(self.project_folder(environment), self.stack)

    def known_place(self, environment: Mapping[str, str]) -> Place:
        """The place of a stack that has a file or has left something on this machine.

        Raises:
            UsageError: If there is no such stack; the message names those there are.
        """
        place = self.place(environment)
        if not place.settings.exists() and not place.folder.root.exists():
            names = stack_names(place.project)
            there = f"the stacks there are {', '.join(names)}" if names else "there are none there"
            raise UsageError(f"there is no stack {self.stack} in {place.settings.parent}: {there}")
        return place

    def project_folder(self, environment: Mapping[str, str]) -> Path:
        """The folder that `--project`, the environment or this installation names."""
        named = self.project or Path(environment.get(PROJECT_VARIABLE, "") or project_root())
        # The provider and its processes run in other folders than this one.
        return named.absolute()


def stack_names(project: Path) -> list[str]:
    """The stacks that have a file, in alphabetical order."""
    files = (project / "stacks").glob("Pulumi.*.yaml")
    return sorted(match[1] for file in files if (match := _STACK_FILE.fullmatch(file.name)))
