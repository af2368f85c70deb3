from collections.abc import Callable

import pytest

from forebay.life.observe.health import Application, Gateway, Server
from forebay.life.status import Health, Process, Status
from forebay.life.step import Step
from tests.forebay.cli.conftest import Desk


@pytest.fixture
def standing(desk: Desk) -> Status:
    return Status(
        stack="local",
        health=Health.DEGRADED,
        problems=("gateway-blue-1 is STOPPED",),
        target="local",
        url="http://127.0.0.1:8080",
        key_file=str(desk.project / ".forebay" / "local" / "secrets" / "first-key"),
        processes=(
            Process("gateway-blue-0", "gateway", "RUNNING", 12, (18010, 18030), 61, 50 * 2**20, 2),
            Process("gateway-blue-1", "gateway", "STOPPED", None, (18011, 18031)),
            Process("chat:SimulatedModel", "replica", "RUNNING", 14, memory=80 * 2**20),
        ),
        balancer=(Server("blue", "gateway-blue-0", "UP", 100, 3), Server("blue", "gateway-blue-1", "DOWN", 100, 0)),
        gateways=(Gateway("gateway-blue-0", True, "", {"remote_gpu": "healthy"}),),
        applications=(Application("chat", "RUNNING", 1, ""),),
        memory=130 * 2**20,
        versions={"forebay": "0.1.0"},
    )


def test_a_stack_that_does_not_run_is_no_error(desk: Desk) -> None:
    assert desk.run("status") == 0

    assert desk.said == "The stack local is not running; `forebay up local` stands it up.\n"


def test_status_shows_processes_gateways_and_applications(desk: Desk, standing: Status) -> None:
    assert desk.given(status=lambda _: standing).run("status") == 0

    rows = [line.split() for line in desk.said.splitlines()]
    assert "The stack local is degraded:" in desk.said
    assert "  gateway-blue-1 is STOPPED" in desk.said
    assert ["key", "in", ".forebay/local/secrets/first-key"] in rows
    assert ["gateway-blue-0", "RUNNING", "12", "0:01:01", "2", "50", "MiB", "18010,", "18030"] in rows
    assert ["chat:SimulatedModel", "RUNNING", "14", "-", "-", "80", "MiB"] in rows
    assert ["gateway-blue-0", "UP", "100", "yes", "remote_gpu:", "healthy"] in rows
    assert ["gateway-blue-1", "DOWN", "100", "no"] in rows
    assert ["chat", "RUNNING", "1"] in rows


def test_json_gives_process_ids_with_their_roles(desk: Desk, standing: Status) -> None:
    desk.given(status=lambda _: standing).run("status", "--json")

    found = {(one["name"], one["role"], one["pid"]) for one in desk.document["processes"]}
    assert ("gateway-blue-0", "gateway", 12) in found
    assert ("chat:SimulatedModel", "replica", 14) in found
    assert desk.document["processes"][0]["ports"] == [18010, 18030]
    assert (desk.document["health"], desk.document["ok"], desk.document["target"]) == ("degraded", True, "local")


def test_health_is_an_exit_code_only_where_asked(desk: Desk, standing: Status) -> None:
    assert desk.given(status=lambda _: standing).run("status", "--exit-code") == 7

    assert desk.complained == "the stack local is degraded\n"


def test_drift_is_what_a_preview_finds(desk: Desk, standing: Status, step: Callable[..., Step]) -> None:
    desk.engine_run.does(step("update", "gateway-blue-1", "running"))

    assert desk.given(status=lambda _: standing).run("status", "--drift") == 0

    assert "`forebay preview local` shows what differs in gateway-blue-1" in desk.said
    assert desk.engine_run.asked == ["preview"]


def test_without_drift_no_engine_is_looked_for(desk: Desk) -> None:
    desk.run("status", "--json")

    assert (desk.searches, desk.document["drift"]) == ([], None)


@pytest.mark.parametrize("name", ["../local", "UP", "-", ""])
def test_a_name_that_cannot_be_a_stacks_is_refused(desk: Desk, name: str) -> None:
    assert desk.run("status", name) == 2
