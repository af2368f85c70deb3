from pathlib import Path

import pytest

from forebay.doctor.facts import BinaryFacts, Facts, FolderFacts, MachineFacts, StackFacts, ToolFacts
from forebay.engine.find import Engine, Source
from forebay.tools.go import GoSource, GoToolchain
from forebay.tools.version import Version

GIB = 1024**3


@pytest.fixture
def machine() -> MachineFacts:
    return MachineFacts(
        system="Linux",
        python=Version(3, 12, 4),
        memory_total=16 * GIB,
        memory_available=8 * GIB,
        disk_folder=Path("/home/me/.cache"),
        disk_free=50 * GIB,
        shared_memory_free=8 * GIB,
    )


@pytest.fixture
def tools() -> ToolFacts:
    return ToolFacts(
        engine=Engine(Path("/project/.forebay/bin/pulumi"), "3.250.0", Source.PROJECT),
        engine_problem="",
        path_engine=None,
        go=GoToolchain(Path("/go/bin/go"), Version(1, 26, 8), GoSource.PATH),
        path_go=GoToolchain(Path("/go/bin/go"), Version(1, 26, 8), GoSource.PATH),
        git=Path("/usr/bin/git"),
        make=Path("/usr/bin/make"),
        path_ollama=None,
        cached_ollama=None,
        haproxy=BinaryFacts(Path("/venv/haproxy")),
        valkey=BinaryFacts(Path("/venv/valkey-server")),
    )


@pytest.fixture
def stack() -> StackFacts:
    return StackFacts(
        name="local",
        settings=Path("stacks/Pulumi.local.yaml"),
        balancer=8080,
        block=range(18000, 18200),
        listeners={},
        processes=frozenset(),
        is_supervised=False,
        folders=(FolderFacts(Path("/project/.forebay/local"), is_mine=True, mode=0o700),),
        lock_holder=None,
        was_interrupted=False,
    )


@pytest.fixture
def facts(machine: MachineFacts, tools: ToolFacts, stack: StackFacts) -> Facts:
    """A machine on which nothing is amiss and nothing runs yet."""
    return Facts(machine, tools, stack)
