import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from forebay.errors import LockHeldError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the stack's lock; the kernel lets go of it however this process ends, so none is ever stale.

    Raises:
        LockHeldError: If another process holds it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path) as file:
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _locked(path: Path) -> IO[str]:
    while True:
        file = path.open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with file:
                file.seek(0)
                holder = file.read().strip() or "unknown"
            raise LockHeldError(
                f"the stack {path.stem} is being changed by process {holder}; wait for it to end, then try again"
            ) from None
        if _is_at(path, file):
            return file
        # The holder before us removed the file between our opening and locking it: this lock guards nothing.
        file.close()


def _is_at(path: Path, file: IO[str]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
