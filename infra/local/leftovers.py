"""Finding what a stack's processes left behind.

Every process of a stack carries `FOREBAY_STACK` and `FOREBAY_PROCESS` in its environment, and so do its children. A
parent that dies hard loses its children to init, but not their environment: that is how they are found again.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

STACK_VARIABLE = "FOREBAY_STACK"
PROCESS_VARIABLE = "FOREBAY_PROCESS"
RUN_VARIABLE = "FOREBAY_RUN"
"""In the environment of the engine, its providers and their commands: the stack's folder."""


def marked(variable: str, value: str, proc: Path = Path("/proc")) -> Iterator[int]:
    """The ids of this user's other processes whose environment has `variable` set to `value`, and their descendants.

    A program that sets its own title may overwrite its environment while doing so; as a descendant it is found all the
    same.
    """
    wanted = f"{variable}={value}".encode()
    processes = [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]
    parents = {process: _parent(proc / str(process)) for process in processes}
    found = {process for process in processes if wanted in _environment(proc / str(process)).split(b"\0")}
    grown = found
    while grown:
        grown = {process for process, parent in parents.items() if parent in grown} - found
        found |= grown
    yield from found - {os.getpid()}


def holding(folder: Path, proc: Path = Path("/proc")) -> Iterator[int]:
    """The ids of this user's other processes that have a file below `folder` open.

    Ray's agents overwrite their environment, and outlive by a minute a head that was killed hard; by then they are
    nobody's descendants. Their logs, in the stack's own short folder, still give them away.
    """
    for entry in proc.iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and _holds(entry, folder):
            yield int(entry.name)


def _holds(process: Path, folder: Path) -> bool:
    try:
        files = list((process / "fd").iterdir())
    except OSError:
        return False
    return any(_target(file).is_relative_to(folder) for file in files)


def _target(file: Path) -> Path:
    try:
        return file.readlink()
    except OSError:
        return Path()  # closed meanwhile


def _environment(process: Path) -> bytes:
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def _parent(process: Path) -> int | None:
    try:
        # The name, in brackets, may hold anything; the parent is the second field after it.
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return None


def sweep(
    find: Callable[[], Iterator[int]],
    *,
    seconds: float = 5.0,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> int:
    """Kill what `find` names until it names nothing; returns how many it killed.

    Raises:
        TimeoutError: If something is still there after `seconds`.
    """
    killed: set[int] = set()
    end = now() + seconds
    while found := set(find()):
        for process in found:
            _kill(process)
        killed |= found
        if now() > end:
            raise TimeoutError(f"processes {sorted(found)} do not end, not even on SIGKILL")
        sleep(0.02)
    return len(killed)


def _kill(process: int) -> None:
    try:
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
