"""Where a local stack keeps what it has."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

_SHORT = Path("/tmp")  # noqa: S108 - what is made in it is private, and a planted folder is refused
"""Not TMPDIR: `up` and `down` from two shells must agree, and Ray leaves 36 bytes for all of it."""


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The folder of one stack, `.forebay/<stack>`, and its short twin for sockets.

    A Unix socket's path holds 107 bytes at most, and Ray puts 60 of its own below its temporary folder; a checkout's
    path can be longer than what is left. So sockets and Ray's session live in `run`, a folder with a short name in
    /tmp, derived from the stack folder's path and owned, like it, by the user alone.
    """

    root: Path

    @property
    def run(self) -> Path:
        digest = hashlib.sha256(str(self.root).encode()).hexdigest()[:8]
        return _SHORT / f"forebay-{os.getuid()}-{digest}"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets"

    @property
    def processes(self) -> Path:
        return self.root / "processes"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def supervisor_socket(self) -> Path:
        return self.run / "supervisor.sock"

    @property
    def supervisor_config(self) -> Path:
        return self.root / "supervisord.conf"

    @property
    def marker(self) -> str:
        """The value of `FOREBAY_STACK` in the environment of every process of this stack."""
        return str(self.root)

    def create(self) -> None:
        """Make all folders, each for the owner alone.

        Raises:
            PermissionError: If one exists and is a link, or belongs to somebody else.
        """
        for folder in (self.root, self.run, self.logs, self.secrets, self.processes, self.data):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                raise PermissionError(f"{folder} is a link or belongs to another user; remove it, then try again")
            folder.chmod(0o700)
