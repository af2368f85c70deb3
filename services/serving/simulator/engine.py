"""Runs a continuous batch in real time: one task steps it while there is work and sleeps as long as each step lasts.

The stepping task lives only while there is work. A generation that is not read to its end must be cancelled by
whoever started it; its place and cache are then free at the next step.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Self

from services.serving.simulator.batch import ContinuousBatch, EngineLimits, Sequence, State

Sleep = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an engine is."""

    running: int
    waiting: int
    kv_used: int


class Generation:
    """The tokens of one request, by position, as they come; iterate it once."""

    def __init__(self, batch: ContinuousBatch, sequence: Sequence) -> None:
        self._batch = batch
        self._sequence = sequence
        self._arrived = asyncio.Event()
        self._read = 0

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> int:
        if self._read == self._sequence.max_tokens:
            raise StopAsyncIteration
        while self._read == self._sequence.emitted:
            self._arrived.clear()
            await self._arrived.wait()
        self._read += 1
        return self._read - 1

    def cancel(self) -> None:
        """Give the rest up; harmless after the end."""
        self._batch.cancel(self._sequence)

    def notify(self) -> None:
        """Wake the reader: the engine calls this when a step has ended."""
        self._arrived.set()


class SimulatedEngine:
    """Generates token by token at the pace of a batch; belongs to one event loop.

    Args:
        limits: the engine's size and speed.
        sleep: waits for a number of seconds.
    """

    def __init__(self, limits: EngineLimits, sleep: Sleep) -> None:
        self._batch = ContinuousBatch(limits)
        self._sleep = sleep
        self._generations: dict[Sequence, Generation] = {}
        self._stepping: asyncio.Task[None] | None = None

    @property
    def load(self) -> Load:
        return Load(len(self._batch.running), len(self._batch.waiting), self._batch.kv_used)

    def start(self, prompt_tokens: int, max_tokens: int) -> Generation:
        """Queue a request.

        Raises:
            TooLongError: it could never fit.
            QueueFullError: as many wait already as may.
        """
        sequence = self._batch.submit(prompt_tokens, max_tokens)
        generation = Generation(self._batch, sequence)
        self._generations[sequence] = generation
        if self._stepping is None or self._stepping.done():
            self._stepping = asyncio.get_running_loop().create_task(self._run())
        return generation

    async def _run(self) -> None:
        while not self._batch.is_idle:
            step = self._batch.step()
            await self._sleep(step.seconds)
            self._batch.credit(step)
            for sequence in step.advanced:
                self._generations[sequence].notify()
            self._forget_ended()

    def _forget_ended(self) -> None:
        ended = {State.FINISHED, State.CANCELLED}
        self._generations = {
            sequence: generation for sequence, generation in self._generations.items() if sequence.state not in ended
        }
