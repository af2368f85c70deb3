import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from forebay.errors import LockHeldError


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the stack's lock; the kernel lets go of it however this process ends, so none is ever stale.

    Raises:
        LockHeldError: If another process holds it.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise LockHeldError(
                f"the stack {path.stem} is being changed by process {holder}; wait for it to end, then try again"
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
        path.unlink(missing_ok=True)
