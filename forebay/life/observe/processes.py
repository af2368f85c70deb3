import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_REPLICA = re.compile(r"ray::ServeReplica:([\w-]+):([\w-]+)")
_PROXY = re.compile(r"ray::ProxyActor\b")
_CONTROLLER = re.compile(r"ray::ServeController\b")
_TITLE_BYTES = 300


@dataclass(frozen=True, slots=True)
class SeenProcess:
    """A process as the kernel shows it.

    Attributes:
        title: Its command line, or what the program wrote over it.
        memory: Its share of memory in bytes, shared pages divided among those that share them (PSS).
    """

    pid: int
    title: str
    memory: int


@dataclass(frozen=True, slots=True)
class RayPart:
    """A part of Ray Serve in a process of its own."""

    name: str
    role: str


def see_processes(pids: Iterable[int], proc: Path = Path("/proc")) -> Iterator[SeenProcess]:
    """Look at the processes that still are there, in the order of their ids."""
    for pid in sorted(pids):
        try:
            title = (proc / str(pid) / "cmdline").read_bytes()[:_TITLE_BYTES]
            memory = _proportional(proc / str(pid) / "smaps_rollup")
        except OSError:
            continue
        yield SeenProcess(pid, title.replace(b"\0", b" ").decode(errors="replace").strip(), memory)


def ray_part(title: str) -> RayPart | None:
    """Which part of Ray Serve a process says to be by its title."""
    replica = _REPLICA.match(title)
    if replica is not None:
        return RayPart(f"{replica[1]}:{replica[2]}", "replica")
    if _PROXY.match(title):
        return RayPart("serve-proxy", "proxy")
    return RayPart("serve-controller", "controller") if _CONTROLLER.match(title) else None


def _proportional(path: Path) -> int:
    lines = path.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
