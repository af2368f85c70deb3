import os
import threading
import time
import urllib.request
from pathlib import Path
from typing import Self

import pytest

from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.port_owner import is_free
from infra.local.supervision.client import SupervisorClient
from tests.engine.commands import SmallStack
from tests.engine.small_stack import Shape

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


@pytest.mark.parametrize(
    "changes",
    [{"page": "two"}, {"drain": 11}, {"servers": 1}, {"servers": 3}],
    ids=["changed environment", "changed balancer", "one server less", "one server more"],
)
def test_no_request_fails_while_up_changes_the_stack(
    stack: SmallStack, shape: Shape, changes: dict[str, object]
) -> None:
    stack.outcome("up", shape)
    with _steady_requests(shape) as seen:
        stack.outcome("up", shape.changed(**changes))

    assert len(seen.answers) > 50
    assert seen.failures == []


def test_a_killed_server_costs_no_request(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    with SupervisorClient(stack.folder.supervisor_socket) as client:
        victim = int(client.states()["server-0"]["pid"])

    with _steady_requests(shape) as seen:
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


class _steady_requests:  # noqa: N801 - used as a function
    """Requests one after the other in four threads, each on a connection of its own, until the block ends."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(4)]
        self.answers: list[str] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more requests have ended."""
        wanted = len(self.answers) + len(self.failures) + more
        end = time.monotonic() + 60
        while len(self.answers) + len(self.failures) < wanted and time.monotonic() < end:
            self._over.wait(0.01)

    def _ask(self) -> None:
        while not self._over.wait(0.02):
            request = urllib.request.Request(f"http://127.0.0.1:{self._shape.ports[2]}/", data=b"{}")
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    self.answers.append(response.read().decode())
            except OSError as error:
                self.failures.append(str(error))
