import asyncio
from dataclasses import replace

import pytest

from services.serving.simulator.batch import EngineLimits, QueueFullError
from services.serving.simulator.engine import Generation, Load, SimulatedEngine

LIMITS = EngineLimits(
    kv_tokens=100,
    max_batch=4,
    max_waiting=1,
    context_tokens=100,
    prefill_tokens_per_second=1_000.0,
    prefill_tokens_per_step=50,
    step_seconds=0.010,
    step_seconds_per_sequence=0.001,
)


class VirtualTime:
    """Lets other tasks run at each sleep, and adds the seconds up."""

    def __init__(self) -> None:
        self.now = 0.0

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        for _ in range(5):
            await asyncio.sleep(0)


async def read(generation: Generation) -> list[int]:
    return [position async for position in generation]


async def test_tokens_come_in_order_and_take_their_time() -> None:
    time = VirtualTime()
    engine = SimulatedEngine(LIMITS, time.sleep)
    assert await read(engine.start(10, 5)) == [0, 1, 2, 3, 4]
    assert time.now == pytest.approx(0.010 + 5 * 0.011)


async def test_requests_overlap() -> None:
    time = VirtualTime()
    engine = SimulatedEngine(LIMITS, time.sleep)
    answers = await asyncio.gather(*(read(engine.start(5, 8)) for _ in range(3)))
    assert answers == [list(range(8))] * 3
    assert time.now < 2 * 8 * 0.011


async def test_an_idle_engine_starts_again() -> None:
    engine = SimulatedEngine(LIMITS, VirtualTime().sleep)
    await read(engine.start(5, 2))
    assert await read(engine.start(5, 2)) == [0, 1]
    assert engine.load == Load(0, 0, 0)


async def test_a_cancelled_generation_lets_the_next_one_in() -> None:
    engine = SimulatedEngine(LIMITS, VirtualTime().sleep)
    first = engine.start(10, 90)
    assert await anext(first) == 0
    second = engine.start(10, 90)
    assert engine.load == Load(running=1, waiting=1, kv_used=100)
    first.cancel()
    assert await anext(second) == 0
    second.cancel()
    assert await read(engine.start(5, 1)) == [0]
    assert engine.load == Load(0, 0, 0)


async def test_a_full_queue_refuses_before_anything_is_generated() -> None:
    engine = SimulatedEngine(replace(LIMITS, max_waiting=0), VirtualTime().sleep)
    first = engine.start(10, 90)
    with pytest.raises(QueueFullError):
        engine.start(1, 1)
    first.cancel()
