from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from forebay.engine.find import Engine
from forebay.tools.go import GoToolchain
from forebay.tools.ollama import Ollama
from forebay.tools.version import Version
from infra.local.port_owner import PortOwner


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """What the machine is and has; amounts in bytes.

    Attributes:
        memory_available: What new programs can have without swapping.
        disk_folder: Where `disk_free` was measured.
        shared_memory_free: In /dev/shm, where Ray keeps its objects; None where there is no such folder.
    """

    system: str
    python: Version
    memory_total: int
    memory_available: int
    disk_folder: Path
    disk_free: int
    shared_memory_free: int | None


@dataclass(frozen=True, slots=True)
class BinaryFacts:
    """A program that a package of ours carries, or why it cannot be run."""

    path: Path | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ToolFacts:
    """Which programs there are, each None where there is none.

    Attributes:
        engine: What `forebay up` would use without fetching or building anything.
        engine_problem: Why the engine that FOREBAY_ENGINE names cannot be used; empty if it can.
        path_engine: The `pulumi` on PATH, of whatever version.
        go: What can build our tools; `path_go` is the one on PATH, of whatever version.
        path_ollama: The one on PATH, of whatever version, which a stack starts.
        cached_ollama: The one that was built for tests.
    """

    engine: Engine | None
    engine_problem: str
    path_engine: Engine | None
    go: GoToolchain | None
    path_go: GoToolchain | None
    git: Path | None
    make: Path | None
    path_ollama: Ollama | None
    cached_ollama: Ollama | None
    haproxy: BinaryFacts
    valkey: BinaryFacts


@dataclass(frozen=True, slots=True)
class FolderFacts:
    """A folder's owner and permissions.

    Attributes:
        mode: Permission bits, as `0o700`.
    """

    path: Path
    is_mine: bool
    mode: int


@dataclass(frozen=True, slots=True)
class StackFacts:
    """What there is of a stack on this machine.

    Attributes:
        settings: The stack's file, to be named where a setting mends something.
        listeners: Who listens, among the stack's ports.
        processes: Ids of the processes that belong to the stack.
        is_supervised: Whether the stack's supervisor answers.
        folders: Those of the stack that exist.
        lock_holder: The process that is changing the stack now, by its own word.
        was_interrupted: Whether an earlier run left its work half done.
    """

    name: str
    settings: Path
    balancer: int
    block: range
    listeners: Mapping[int, PortOwner]
    processes: frozenset[int]
    is_supervised: bool
    folders: tuple[FolderFacts, ...]
    lock_holder: str | None
    was_interrupted: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that the checks look at, gathered once."""

    machine: MachineFacts
    tools: ToolFacts
    stack: StackFacts
