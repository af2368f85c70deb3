from dataclasses import replace
from typing import Any

import pytest

from forebay.doctor import machine_checks
from forebay.doctor.facts import Facts
from forebay.doctor.finding import Level
from forebay.tools.version import Version

GIB = 1024**3


def on(facts: Facts, **machine: Any) -> Facts:  # noqa: ANN401 - each field has its own type
    return replace(facts, machine=replace(facts.machine, **machine))


def running(facts: Facts) -> Facts:
    return replace(facts, stack=replace(facts.stack, processes=frozenset({42})))


@pytest.mark.parametrize(
    ("version", "level"),
    [
        (Version(3, 10, 14), Level.FAIL),
        (Version(3, 11, 0), Level.OK),
        (Version(3, 13, 9), Level.OK),
        (Version(3, 14, 0), Level.FAIL),
    ],
)
def test_python_is_one_that_the_lock_was_made_for(facts: Facts, version: Version, level: Level) -> None:
    found = machine_checks.python_version(on(facts, python=version))

    assert found.level is level
    assert str(version) in found.finding
    assert ("install Python" in found.mend) is (level is Level.FAIL)


def test_another_system_than_linux_is_warned_of(facts: Facts) -> None:
    found = machine_checks.system(on(facts, system="Darwin"))

    assert found.level is Level.WARN
    assert "Darwin" in found.finding
    assert "WSL2" in found.mend


def test_a_machine_smaller_than_the_stack_fails(facts: Facts) -> None:
    found = machine_checks.memory(on(facts, memory_total=2 * GIB, memory_available=GIB))

    assert found.level is Level.FAIL
    assert found.finding == "1.0 GiB of 2.0 GiB are free; the stack takes up to 3.0 GiB"


def test_a_busy_machine_is_warned_of_until_the_stack_itself_has_the_memory(facts: Facts) -> None:
    busy = on(facts, memory_available=2 * GIB)

    assert machine_checks.memory(busy).level is Level.WARN
    assert machine_checks.memory(running(busy)).level is Level.OK


def test_a_nearly_full_disk_fails_and_names_the_folder(facts: Facts) -> None:
    found = machine_checks.disk(on(facts, disk_free=GIB // 2))

    assert found.level is Level.FAIL
    assert found.finding == "512 MiB are free in /home/me/.cache"
    assert found.mend == "free at least 1.0 GiB in /home/me/.cache"


def test_room_for_building_an_engine_matters_only_while_there_is_none(facts: Facts) -> None:
    tight = on(facts, disk_free=3 * GIB)

    assert machine_checks.disk(tight).level is Level.OK
    without = replace(tight, tools=replace(tight.tools, engine=None))
    assert machine_checks.disk(without).level is Level.WARN


@pytest.mark.parametrize(("free", "words"), [(64 * 1024**2, "only 64 MiB are free in /dev/shm"), (None, "no /dev/shm")])
def test_too_little_shared_memory_is_warned_of(facts: Facts, free: int | None, words: str) -> None:
    found = machine_checks.shared_memory(on(facts, shared_memory_free=free))

    assert found.level is Level.WARN
    assert words in found.finding
    assert "--shm-size" in found.mend


def test_a_running_stack_may_have_taken_the_shared_memory(facts: Facts) -> None:
    assert machine_checks.shared_memory(running(on(facts, shared_memory_free=0))).level is Level.OK
