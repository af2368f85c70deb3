from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from loadtests.instruments.driver import Driver, Load
from loadtests.instruments.history import Fail, Invoke, Observation, Ok, Outcome, Record

if TYPE_CHECKING:
    from collections.abc import Callable


class FakeClock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += max(0.0, seconds)
        await asyncio.sleep(0)


class Caller:
    """Answers when `gate` opens."""

    def __init__(self, now: Callable[[], float], *, is_open: bool = True) -> None:
        self._now = now
        self.gate = asyncio.Event()
        if is_open:
            self.gate.set()

    async def call(self, invoke: Invoke, *, max_tokens: int) -> Outcome:
        await self.gate.wait()
        return Ok(operation=invoke.operation, time=self._now(), seen=Observation(status=200))


def invokes(history: list[Record]) -> list[Invoke]:
    return [record for record in history if isinstance(record, Invoke)]


async def test_every_arrival_has_its_invocation_and_one_outcome() -> None:
    clock, history = FakeClock(), list[Record]()
    summary = await Driver(Caller(clock.now), history, clock).run(Load(model="m", rate=50, seconds=4, seed=1))
    names = [invoke.operation for invoke in invokes(history)]
    assert summary.invoked == len(names) == summary.ended["ok"]
    assert 120 < len(names) < 280
    assert sorted(record.operation for record in history if isinstance(record, Ok)) == sorted(names)
    assert len({invoke.nonce for invoke in invokes(history)}) == len(names)


async def test_sending_does_not_wait_for_answers_and_keeps_the_intended_times() -> None:
    clock, history = FakeClock(), list[Record]()
    caller = Caller(clock.now, is_open=False)
    load = Load(model="m", rate=10, seconds=2, seed=1, arrivals="steady")
    running = asyncio.create_task(Driver(caller, history, clock).run(load))
    for _ in range(100):
        await asyncio.sleep(0)
    assert [round(invoke.intended_time - 1000, 1) for invoke in invokes(history)] == [n / 10 for n in range(1, 20)]
    caller.gate.set()
    assert (await running).ended == {"ok": 19}


async def test_an_arrival_beyond_the_bound_is_recorded_as_failed() -> None:
    clock, history = FakeClock(), list[Record]()
    caller = Caller(clock.now, is_open=False)
    load = Load(model="m", rate=10, seconds=1.05, seed=1, arrivals="steady", max_in_flight=3)
    running = asyncio.create_task(Driver(caller, history, clock).run(load))
    for _ in range(100):
        await asyncio.sleep(0)
    caller.gate.set()
    assert (await running).ended == {"ok": 3, "fail": 7}
    assert {record.code for record in history if isinstance(record, Fail)} == {"not_sent"}


async def test_the_share_of_streams_is_kept() -> None:
    clock, history = FakeClock(), list[Record]()
    load = Load(model="m", rate=100, seconds=10, seed=1, stream_share=0.25)
    await Driver(Caller(clock.now), history, clock).run(load)
    streams = sum(invoke.stream for invoke in invokes(history))
    assert 0.2 < streams / len(invokes(history)) < 0.3


async def test_a_stop_ends_sending_and_waits_for_what_is_under_way() -> None:
    clock, history, stop = FakeClock(), list[Record](), asyncio.Event()
    stop.set()
    load = Load(model="m", rate=10, seconds=10, seed=1)
    assert (await Driver(Caller(clock.now), history, clock).run(load, stop=stop)).invoked == 0


@pytest.mark.parametrize(("rate", "seconds"), [(0, 1), (1, 0), (-1, 1), (1e6, 1e6)])
def test_a_load_is_bounded(rate: float, seconds: float) -> None:
    with pytest.raises(ValueError, match="at most"):
        Load(model="m", rate=rate, seconds=seconds, seed=1)
