from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forebay.doctor import stack_checks
from forebay.doctor.facts import Facts, FolderFacts
from forebay.doctor.finding import Level
from infra.local.port_owner import PortOwner


def on(facts: Facts, **stack: Any) -> Facts:  # noqa: ANN401 - each field has its own type
    return replace(facts, stack=replace(facts.stack, **stack))


def listening(*owners: PortOwner) -> dict[int, PortOwner]:
    return {owner.port: owner for owner in owners}


def test_a_taken_port_is_named_with_its_owner_and_the_setting_that_moves_it(facts: Facts) -> None:
    found = stack_checks.ports(on(facts, listeners=listening(PortOwner(8080, 77, "nginx -g daemon"))))

    assert found.level is Level.FAIL
    assert found.finding == "port 8080 is taken by nginx -g daemon (pid 77)"
    assert found.mend == "end that program, or set ports.balancer in stacks/Pulumi.local.yaml"


def test_a_taken_port_of_the_block_points_to_the_blocks_setting(facts: Facts) -> None:
    taken = listening(PortOwner(18001, 5, "one"), PortOwner(18002, None, "unknown"))

    found = stack_checks.ports(on(facts, listeners=taken))

    assert "18001 is taken by one (pid 5); 18002 is taken by a process of another user" in found.finding
    assert "ports.block" in found.mend
    assert "ports.balancer" not in found.mend


def test_many_taken_ports_are_counted_rather_than_listed(facts: Facts) -> None:
    taken = listening(*(PortOwner(port, port, "many") for port in range(18000, 18010)))

    found = stack_checks.ports(on(facts, listeners=taken))

    assert found.finding.endswith("; and 5 more")
    assert "18005" not in found.finding


def test_the_stacks_own_ports_are_no_trouble(facts: Facts) -> None:
    own = on(facts, listeners=listening(PortOwner(8080, 9, "haproxy")), processes=frozenset({9}))

    found = stack_checks.ports(own)

    assert found.level is Level.OK
    assert found.finding == "8080 and 18000 to 18199: in use by the stack itself: 1"


@pytest.mark.parametrize(("mode", "level"), [(0o700, Level.OK), (0o750, Level.FAIL), (0o704, Level.FAIL)])
def test_folders_with_secrets_are_the_users_alone(facts: Facts, mode: int, level: Level) -> None:
    folder = FolderFacts(Path("/project/.forebay/local"), is_mine=True, mode=mode)

    found = stack_checks.folders(on(facts, folders=(folder,)))

    assert found.level is level
    assert found.mend == ("" if level is Level.OK else "chmod 700 /project/.forebay/local")


def test_a_folder_of_another_user_fails(facts: Facts) -> None:
    folder = FolderFacts(Path("/tmp/forebay-0-ab"), is_mine=False, mode=0o700)

    found = stack_checks.folders(on(facts, folders=(folder,)))

    assert found.level is Level.FAIL
    assert found.finding == "/tmp/forebay-0-ab belongs to another user"


def test_a_stack_being_changed_names_the_process(facts: Facts) -> None:
    found = stack_checks.lock(on(facts, lock_holder="4711"))

    assert (found.level, found.finding) == (Level.WARN, "process 4711 is changing the stack local")


def test_an_interrupted_run_is_told_with_the_command_that_goes_on(facts: Facts) -> None:
    found = stack_checks.lock(on(facts, was_interrupted=True))

    assert found.level is Level.WARN
    assert "forebay up local" in found.mend


def test_processes_without_their_supervisor_are_left_over(facts: Facts) -> None:
    orphans = on(facts, processes=frozenset({31, 7}))

    assert stack_checks.processes(on(orphans, is_supervised=True)).finding == "2 under the stack's supervisor"
    found = stack_checks.processes(orphans)
    assert found.level is Level.WARN
    assert found.finding == "2 are left without their supervisor: 7, 31"
    assert "forebay down local" in found.mend
