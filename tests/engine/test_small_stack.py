import os
import urllib.request
from pathlib import Path

import pytest

from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.port_owner import is_free
from infra.local.supervision.client import SupervisorClient
from tests.engine.commands import SmallStack
from tests.engine.small_stack import Shape
from tests.engine.steady_requests import SteadyRequests

pytestmark = pytest.mark.engine

_MAKES = {"create", "update", "delete", "replace"}


def _changes(outcome: dict[str, list[dict[str, object]]]) -> list[tuple[object, object, tuple[object, ...]]]:
    return [
        (step["operation"], step["name"], tuple(step["changed"]))  # type: ignore[arg-type]  # a list in JSON
        for step in outcome["changes"]
        if step["operation"] in _MAKES
    ]


def _get(shape: Shape) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{shape.ports[2]}/", timeout=10) as response:
        return str(response.read().decode())


def _stop(stack: SmallStack, name: str) -> None:
    with SupervisorClient(stack.folder.supervisor_socket) as client:
        client.stop(name)


def test_up_stands_it_up_and_a_second_up_changes_nothing(stack: SmallStack, shape: Shape) -> None:
    first = stack.outcome("up", shape)
    second = stack.outcome("up", shape)

    assert first["outputs"] == {"url": f"http://127.0.0.1:{shape.ports[2]}"}
    assert _get(shape) == "one"
    assert second["changes"] == []
    assert second["unchanged"] > 5


def test_preview_names_a_stopped_process_and_up_mends_it(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    _stop(stack, "server-1")

    preview = stack.outcome("preview", shape)
    up = stack.outcome("up", shape)

    assert _changes(preview) == [("update", "server-1", ("running",))]
    assert _changes(up) == [("update", "server-1", ("running",))]
    assert stack.outcome("preview", shape)["changes"] == []


def test_preview_names_exactly_an_edited_setting(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)

    preview = stack.outcome("preview", shape.changed(drain=11))

    assert _changes(preview) == [("update", "balancer", ("files",))]


def test_preview_of_a_new_stack_leaves_nothing_running(stack: SmallStack, shape: Shape) -> None:
    preview = stack.outcome("preview", shape)

    assert ("create", "server-0", ()) in _changes(preview)
    assert list(marked(STACK_VARIABLE, stack.folder.marker)) == []
    assert list((stack.project / ".forebay").iterdir()) == []


@pytest.mark.parametrize(
    "changes",
    [{"page": "two"}, {"setting": "other"}, {"drain": 11}, {"servers": 1}, {"servers": 3}],
    ids=["changed file", "changed environment", "changed balancer", "one server less", "one server more"],
)
def test_no_request_fails_while_up_changes_the_stack(
    stack: SmallStack, shape: Shape, changes: dict[str, object]
) -> None:
    stack.outcome("up", shape)
    wanted = shape.changed(**changes)
    with SteadyRequests(shape) as seen:
        changed = stack.outcome("up", wanted)

    assert _changes(changed) != []
    assert _get(shape) == wanted.page
    assert len(seen.answers) > 50
    assert seen.failures == []


def test_a_killed_server_costs_no_request(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    with SupervisorClient(stack.folder.supervisor_socket) as client:
        victim = int(client.states()["server-0"]["pid"])

    with SteadyRequests(shape) as seen:
        os.kill(victim, 9)
        seen.wait_for(100)

    assert seen.failures == []


def test_a_resource_that_fails_says_why_and_the_next_up_goes_on(stack: SmallStack, shape: Shape) -> None:
    said = stack.error("up", shape.changed(broken=True))

    assert "server-0: server-0 is FATAL and not ready" in said
    assert "/nowhere.py" in said
    assert stack.outcome("up", shape)["outputs"]["url"]
    assert _get(shape) == "one"


def test_down_leaves_no_process_port_socket_or_file(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)

    stack.outcome("down", shape)

    assert list(marked(STACK_VARIABLE, stack.folder.marker)) == []
    assert all(is_free(port) for port in shape.ports)
    assert list((stack.project / ".forebay").iterdir()) == []
    assert not stack.folder.run.exists()


def test_down_goes_through_where_the_engine_cannot(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape.changed(stuck=True))

    stack.outcome("down", shape)

    assert list(marked(STACK_VARIABLE, stack.folder.marker)) == []
    assert list((stack.project / ".forebay").iterdir()) == []


def test_down_goes_through_with_a_broken_state(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    (stack.project / ".forebay" / "local" / "passphrase").unlink()
    (stack.project / ".forebay" / "local" / "state" / ".pulumi" / "stacks" / "forebay" / "local.json").write_text("{")

    stack.outcome("down", shape)

    assert list(marked(STACK_VARIABLE, stack.folder.marker)) == []
    assert list((stack.project / ".forebay").iterdir()) == []


def test_what_stands_on_a_changed_process_is_made_anew_in_the_same_up(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)

    changed = stack.outcome("up", shape.changed(setting="other"))

    assert ("update", "note", ("triggers",)) in _changes(changed)
    assert stack.outcome("preview", shape.changed(setting="other"))["changes"] == []


def test_a_stopped_sibling_is_started_before_the_last_server_is_taken_out(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    _stop(stack, "server-1")

    with SteadyRequests(shape) as seen:
        stack.outcome("up", shape.changed(page="two"))

    assert seen.failures == []
    assert _get(shape) == "two"


def test_the_users_own_passphrase_does_not_lock_the_stack_away(
    stack: SmallStack, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of another project")
    stack.outcome("up", shape)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")

    assert stack.outcome("up", shape)["changes"] == []


def test_down_of_nothing_is_no_error(stack: SmallStack, shape: Shape) -> None:
    assert stack.outcome("down", shape)["changes"] == []


def test_two_runs_at_once_are_refused_with_the_holder_named(stack: SmallStack, shape: Shape) -> None:
    with stack.start("up", shape) as first:
        assert first.stdout is not None
        first.stdout.readline()

        said = stack.error("up", shape)

        first.communicate(timeout=120)
    assert f"being changed by process {first.pid}" in said
    assert first.returncode == 0


def test_no_secret_is_in_state_or_in_supervisors_files(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    secret = (stack.folder.secrets / "valkey-password").read_text()

    holders = [path for path in _files(stack.folder.root) if secret in path.read_text(errors="replace")]

    assert {path.parent.name for path in holders} == {"secrets"}


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
