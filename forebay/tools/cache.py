"""What is fetched or built once for all checkouts of a user.

Each entry is a folder that comes into being whole: it is filled under another name and renamed. Two processes that
want the same entry meet at a lock, which the kernel lets go of when its holder dies; the folder that a killed
process had been filling is thrown away by the next. So whatever has its final name is complete.
"""

import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from forebay.errors import ToolMissingError
from forebay.tools.progress import Advance, Progress

_POLL_SECONDS = 0.5

# Longer than the slowest build seen, so that only a holder that hangs is given up on.
_WAIT = timedelta(minutes=45)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a folder of the cache holds.

    Attributes:
        name: The folder's name, with the version in it.
        programs: Where its program may lie in the folder; the first that is executable counts.
    """

    name: str
    programs: tuple[str, ...]

    def program_in(self, folder: Path) -> Path | None:
        """The entry's program in the folder, if it is there and executable."""
        return next((folder / name for name in self.programs if is_program(folder / name)), None)


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of programs that outlives stacks and checkouts."""

    root: Path
    wait: timedelta = _WAIT
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def get(self, entry: Entry) -> Path | None:
        """The entry's program, or None if it is not in the cache."""
        return entry.program_in(self.root / entry.name)

    def make(self, entry: Entry, fill: Callable[[Path], None], progress: Progress) -> Path:
        """The entry's program, made by `fill`, which is given an empty folder, unless another process has made it.

        Raises:
            ToolMissingError: If another process holds the lock for too long, or `fill` leaves no program.
        """
        self.root.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._lock(entry, progress):
            return self.get(entry) or self._filled(entry, fill)

    def _filled(self, entry: Entry, fill: Callable[[Path], None]) -> Path:
        partial = self.root / f".{entry.name}.partial"
        final = self.root / entry.name
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            fill(partial)
            if entry.program_in(partial) is None:
                raise ToolMissingError(f"{entry.name} was made without {entry.programs[0]} in it; report this as a bug")
            shutil.rmtree(final, ignore_errors=True)
            partial.rename(final)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        found = self.get(entry)
        if found is None:
            raise ToolMissingError(f"{final} was taken away while it was made; run the command again")
        return found

    @contextmanager
    def _lock(self, entry: Entry, progress: Progress) -> Iterator[None]:
        end = self.now() + self.wait.total_seconds()
        with (self.root / f".{entry.name}.lock").open("a") as file:
            while not _locked(file.fileno()):
                if self.now() > end:
                    raise ToolMissingError(
                        f"another process has been making {entry.name} for over {self.wait}; end it, then try again"
                    )
                progress(Advance(f"waiting for another process to make {entry.name}"))
                self.sleep(_POLL_SECONDS)
            yield


def user_cache(environment: Mapping[str, str], home: Path) -> Path:
    """Where a user's cached programs lie, by the XDG base directory specification."""
    base = environment.get("XDG_CACHE_HOME", "")
    # The specification has relative paths ignored.
    return (Path(base) if Path(base).is_absolute() else home / ".cache") / "forebay"


def is_program(path: Path) -> bool:
    """Whether the path leads to a file that this user may run."""
    return path.is_file() and os.access(path, os.X_OK)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
