"""`up` and `down` killed at each of their steps: the next command goes on without asking, and nothing is left over."""

import pytest

from infra.local.haproxy import statistics
from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.supervision.client import SupervisorClient
from tests.conftest import Sample
from tests.engine.commands import SmallStack
from tests.engine.small_stack import Shape
from tests.engine.steady_requests import SteadyRequests

pytestmark = [pytest.mark.engine, pytest.mark.slow]

_SAMPLES = 2


def _kill_after(stack: SmallStack, command: str, shape: Shape, facts: int) -> None:
    with stack.start(command, shape) as process:
        assert process.stdout is not None
        for _ in range(facts):
            process.stdout.readline()
        process.kill()


def _facts(stack: SmallStack, command: str, shape: Shape) -> int:
    with stack.start(command, shape) as process:
        output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return len(output.splitlines()) - 1


def _processes(stack: SmallStack) -> set[str]:
    with SupervisorClient(stack.folder.supervisor_socket) as client:
        return set(client.states())


@pytest.mark.timeout(7200)
def test_after_a_killed_up_the_next_one_converges(stack: SmallStack, shape: Shape, sample: Sample) -> None:
    facts = _facts(stack, "up", shape)
    stack.outcome("down", shape)

    for point in sample(range(facts + 1), _SAMPLES):
        _kill_after(stack, "up", shape, point)

        stack.outcome("up", shape)

        assert stack.outcome("preview", shape)["changes"] == [], f"killed after fact {point} of {facts}"
        assert _processes(stack) == {"valkey-cache", "valkey-state", "server-0", "server-1", "balancer"}
        stack.outcome("down", shape)
        assert list(marked(STACK_VARIABLE, stack.folder.marker)) == []


@pytest.mark.timeout(7200)
def test_after_a_killed_up_down_cleans_all(stack: SmallStack, shape: Shape, sample: Sample) -> None:
    facts = _facts(stack, "up", shape)
    stack.outcome("down", shape)

    for point in sample(range(facts + 1), _SAMPLES):
        _kill_after(stack, "up", shape, point)

        stack.outcome("down", shape)

        assert list(marked(STACK_VARIABLE, stack.folder.marker)) == [], f"killed after fact {point} of {facts}"
        assert list((stack.project / ".forebay").iterdir()) == []
        assert not stack.folder.run.exists()


@pytest.mark.timeout(7200)
def test_after_a_killed_down_the_next_one_cleans_all(stack: SmallStack, shape: Shape, sample: Sample) -> None:
    stack.outcome("up", shape)
    facts = _facts(stack, "down", shape)

    for point in sample(range(facts + 1), _SAMPLES):
        stack.outcome("up", shape)
        _kill_after(stack, "down", shape, point)

        stack.outcome("down", shape)

        assert list(marked(STACK_VARIABLE, stack.folder.marker)) == [], f"killed after fact {point} of {facts}"
        assert list((stack.project / ".forebay").iterdir()) == []


@pytest.mark.timeout(7200)
def test_after_a_killed_change_the_next_up_finishes_it_and_no_request_fails(
    stack: SmallStack, shape: Shape, sample: Sample
) -> None:
    stack.outcome("up", shape)
    facts = _facts(stack, "up", shape.changed(page="first", drain=11))

    for point in sample(range(facts + 1), _SAMPLES):
        wanted = shape.changed(page=f"page {point}", drain=12 + point)
        with SteadyRequests(shape) as seen:
            _kill_after(stack, "up", wanted, point)
            stack.outcome("up", wanted)

        assert seen.failures == [], f"killed after fact {point} of {facts}"
        assert stack.outcome("preview", wanted)["changes"] == []
        rows = statistics(stack.folder.run / "haproxy.sock")
        assert {row["status"] for row in rows if row["svname"].startswith("server-")} == {"UP"}
        assert seen.answers[-1] == wanted.page


def test_what_a_killed_up_began_and_nobody_wants_any_more_is_removed(stack: SmallStack, shape: Shape) -> None:
    stack.outcome("up", shape)
    with stack.start("up", shape.changed(servers=3)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"begin"' in line and '"create"' in line and "server-2" in line:
                break
        _wait_for(stack, "server-2")
        process.kill()

    stack.outcome("up", shape)

    assert "server-2" not in _processes(stack)
    assert stack.outcome("preview", shape)["changes"] == []


def _wait_for(stack: SmallStack, name: str) -> None:
    for _ in range(10_000):
        if name in _processes(stack):
            return
    raise AssertionError(f"{name} never started")
