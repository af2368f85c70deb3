from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forebay.doctor import StackPorts
from forebay.doctor.facts import BinaryFacts, Facts, MachineFacts, StackFacts, ToolFacts
from forebay.engine.find import Engine, Source
from forebay.life.place import Place
from forebay.tools.version import Version
from infra.local.port_owner import PortOwner
from tests.forebay.cli.conftest import Desk

_GIB = 2**30


@pytest.fixture
def facts() -> Callable[[Place, StackPorts], Facts]:
    """A machine on which all is well."""
    machine = MachineFacts("Linux", Version(3, 12), 16 * _GIB, 8 * _GIB, Path("/"), 50 * _GIB, _GIB)
    tools = ToolFacts(
        engine=Engine(Path("/opt/pulumi"), "3.250.0", Source.PATH),
        engine_problem="",
        path_engine=None,
        go=None,
        path_go=None,
        git=Path("/usr/bin/git"),
        make=Path("/usr/bin/make"),
        path_ollama=None,
        cached_ollama=None,
        haproxy=BinaryFacts(Path("/opt/haproxy")),
        valkey=BinaryFacts(Path("/opt/valkey")),
    )

    def look(place: Place, ports: StackPorts) -> Facts:
        stack = StackFacts(
            place.stack,
            place.settings,
            ports.balancer,
            ports.block,
            {},
            frozenset(),
            False,
            (),
            None,
            False,
        )
        return Facts(machine, tools, stack)

    return look


def test_doctor_shows_each_finding_and_which_way_the_engine_was_found(
    desk: Desk, facts: Callable[[Place, StackPorts], Facts]
) -> None:
    assert desk.given(facts=facts).run("doctor") == 0

    assert "ok  engine         Pulumi 3.250.0, on PATH: /opt/pulumi" in desk.said
    assert "ok  ports          8080 and 18000 to 18199: all free" in desk.said


def test_what_keeps_a_stack_from_being_built_is_exit_code_8_with_its_mending(
    desk: Desk, facts: Callable[[Place, StackPorts], Facts]
) -> None:
    def taken(place: Place, ports: StackPorts) -> Facts:
        found = facts(place, ports)
        return replace(found, stack=replace(found.stack, listeners={8080: PortOwner(8080, 7, "nginx")}))

    assert desk.given(facts=taken).run("doctor") == 8

    assert "FAIL  ports" in desk.said
    assert "-> end that program, or set ports.balancer" in desk.said
    assert desk.complained == "to be mended first: ports\n"


def test_json_has_the_findings(desk: Desk, facts: Callable[[Place, StackPorts], Facts]) -> None:
    desk.given(facts=facts).run("doctor", "prod", "--json")

    assert (desk.document["stack"], desk.document["level"]) == ("prod", "ok")
    assert {"name": "system", "level": "ok", "finding": "Linux", "mend": ""} in desk.document["findings"]
