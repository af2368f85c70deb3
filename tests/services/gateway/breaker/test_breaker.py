import asyncio

import pytest

from services.gateway.breaker.breaker import Breaker
from services.gateway.breaker.policy import FixedPolicy
from services.gateway.config import FixedBreaker
from services.gateway.errors import (
    BreakerOpenError,
    ConnectError,
    MisconfiguredError,
    ProtocolError,
    RateLimitedError,
    ScalingError,
    StreamCutError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)

DOWN = ConnectError("down", provider="p")


def breaker() -> Breaker:
    return Breaker("p/0", FixedPolicy(FixedBreaker()))


def status(code: int) -> UpstreamStatusError:
    return UpstreamStatusError("no", provider="p", upstream_status=code)


def settle(one: Breaker, *outcomes: BaseException | None, now: float = 0, may_eject: bool = True) -> None:
    for outcome in outcomes:
        one.settle(one.admit(now), outcome, now, may_eject=may_eject)


def opened() -> Breaker:
    one = breaker()
    settle(one, DOWN, DOWN, DOWN)
    return one


@pytest.mark.parametrize(
    "failure",
    [
        DOWN,
        status(500),
        status(502),
        UpstreamTimeoutError("slow", provider="p", phase="total"),
        ProtocolError("garbage", provider="p"),
        StreamCutError("cut", provider="p"),
        RuntimeError("a defect"),
    ],
)
def test_three_failures_in_a_row_open_it(failure: Exception) -> None:
    one = breaker()
    settle(one, failure, failure)
    assert one.state.value == "closed"
    settle(one, failure)

    assert one.state.value == "open"
    with pytest.raises(BreakerOpenError) as caught:
        one.admit(1)
    assert caught.value.retry_after == 299


@pytest.mark.parametrize(
    "harmless",
    [
        status(400),
        status(404),
        status(422),
        MisconfiguredError("key", provider="p", upstream_status=401),
        RateLimitedError("slow down", provider="p", upstream_status=429),
        ScalingError("starting", provider="p", upstream_status=503),
        asyncio.CancelledError(),
    ],
)
def test_refusals_scaling_answers_and_clients_that_leave_never_open_it(harmless: BaseException) -> None:
    one = breaker()
    settle(one, *[harmless] * 20)

    assert one.state.value == "closed"


def test_it_stays_closed_while_nothing_else_is_left() -> None:
    one = breaker()
    settle(one, *[DOWN] * 10, may_eject=False)

    assert one.state.value == "closed"
    settle(one, DOWN, may_eject=True)
    assert one.state.value == "open"


def test_half_open_admits_exactly_one_probe_of_fifty() -> None:
    one = opened()
    admitted = 0
    for _ in range(50):
        try:
            one.admit(300)
        except BreakerOpenError:
            continue
        admitted += 1

    assert admitted == 1
    assert one.state.value == "half_open"


@pytest.mark.parametrize("alive", [None, status(404)])
def test_a_probe_that_is_answered_closes_it(alive: Exception | None) -> None:
    one = opened()
    settle(one, alive, now=300)

    assert one.state.value == "closed"
    settle(one, DOWN, DOWN, now=301)
    assert one.state.value == "closed"


def test_a_probe_that_fails_opens_it_again() -> None:
    one = opened()
    settle(one, DOWN, now=300)

    assert one.state.value == "open"
    assert not one.is_available(599)
    assert one.is_available(600)


def test_a_probe_whose_client_left_frees_the_place() -> None:
    one = opened()
    settle(one, asyncio.CancelledError(), now=300)

    assert not one.is_live(300)
    settle(one, None, now=300)
    assert one.is_live(300)


def test_results_of_before_the_ejection_are_no_probes() -> None:
    one = breaker()
    early, late = one.admit(0), one.admit(0)
    settle(one, DOWN, DOWN, DOWN)
    one.settle(early, None, 1, may_eject=True)
    assert one.state.value == "open"

    probe = one.admit(300)
    one.settle(late, DOWN, 300, may_eject=True)
    assert not one.is_live(300)
    one.settle(probe, None, 301, may_eject=True)
    assert one.is_live(301)


@pytest.mark.parametrize(("said", "kept"), [(7.0, 7.0), (86_400.0, 60.0)])
def test_retry_after_is_honoured_up_to_a_minute_without_opening(said: float, kept: float) -> None:
    one = breaker()
    settle(one, RateLimitedError("slow down", provider="p", upstream_status=429, retry_after=said))

    assert one.state.value == "closed"
    assert not one.is_available(kept - 0.1)
    assert not one.is_live(kept - 0.1)
    assert one.is_available(kept)
    with pytest.raises(BreakerOpenError):
        one.admit(0, last_resort=True)


def test_401_marks_it_misconfigured_until_it_answers() -> None:
    one = breaker()
    settle(one, MisconfiguredError("key", provider="p", upstream_status=403))
    assert one.is_misconfigured

    settle(one, None)
    assert not one.is_misconfigured


def test_spent_scaling_cycles_of_a_probe_open_it_again() -> None:
    one = opened()
    settle(one, ScalingError("starting", provider="p", upstream_status=503), now=300)
    assert one.state.value == "half_open"
    one.fail(301, may_eject=True)

    assert one.state.value == "open"
    assert not one.is_available(600)


def test_spent_scaling_cycles_beside_a_probe_wait_for_its_word() -> None:
    one = opened()
    probe = one.admit(300)
    one.fail(300, may_eject=True)
    assert one.state.value == "half_open"

    one.settle(probe, None, 301, may_eject=True)
    assert one.state.value == "closed"


def test_the_last_resort_passes_an_open_gate_but_not_beside_a_probe() -> None:
    one = opened()
    one.settle(one.admit(1, last_resort=True), DOWN, 1, may_eject=True)
    assert one.state.value == "open"

    one.admit(300)
    with pytest.raises(BreakerOpenError):
        one.admit(300, last_resort=True)
