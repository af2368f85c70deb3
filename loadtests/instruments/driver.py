"""An open-loop driver: requests are sent when the schedule says, however slow the answers are.

Each operation's latency counts from its intended time, so that a stack which stalls cannot hide it by being asked
less. An arrival beyond the bound on requests in flight is not sent and is recorded as failed: dropping it quietly
would be the same lie.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Protocol

from loadtests.instruments.arrivals import Arrivals, arrival_times
from loadtests.instruments.history import Fail, Invoke, Outcome, Record
from loadtests.instruments.nonce import new_nonce

if TYPE_CHECKING:
    from loadtests.instruments.clock import Clock

_MAX_OPERATIONS = 5_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, bounded in count and time.

    Attributes:
        rate: arrivals a second.
        stream_share: part of the operations that ask for a stream, 0 to 1.
        deadline_seconds: after which the client gives an operation up as unknown.
        max_in_flight: arrivals beyond it fail as `not_sent`.
    """

    model: str
    rate: float
    seconds: float
    seed: int
    arrivals: Arrivals = "poisson"
    stream_share: float = 0.5
    deadline_seconds: float = 60.0
    max_in_flight: int = 2000
    max_tokens: int = 16

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.seconds <= 0 or self.rate * self.seconds > _MAX_OPERATIONS:
            asked = f"rate {self.rate} over {self.seconds} s"
            raise ValueError(f"{asked}: both must be above 0 and make at most {_MAX_OPERATIONS} requests")


@dataclass(frozen=True, slots=True)
class Summary:
    """How many operations began, by how they ended."""

    invoked: int
    ended: dict[str, int]


class Caller(Protocol):
    """Carries one operation out; ChatClient does."""

    async def call(self, invoke: Invoke, *, max_tokens: int) -> Outcome: ...


class RecordSink(Protocol):
    """Where records go as they happen; HistoryWriter is one."""

    def append(self, record: Record) -> None: ...


class Driver:
    """Sends one Load through a caller and writes its history."""

    def __init__(self, caller: Caller, history: RecordSink, clock: Clock) -> None:
        self._caller = caller
        self._history = history
        self._clock = clock
        self._ended: dict[str, int] = {}

    async def run(self, load: Load, *, stop: asyncio.Event | None = None) -> Summary:
        """Sends until the load's time is over or `stop` is set, then waits for all that are under way."""
        random = Random(load.seed)  # noqa: S311 - a repeatable schedule, not a secret
        names = Random(load.seed + 1)  # noqa: S311 - repeatable nonces; the schedule keeps its own draws
        start = self._clock.now()
        number = 0
        running: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            for offset in arrival_times(load.arrivals, rate=load.rate, seconds=load.seconds, random=random):
                await self._clock.sleep(start + offset - self._clock.now())
                if stop is not None and stop.is_set():
                    break
                invoke = self._invoke(load, number, start + offset, names)
                number += 1
                if len(running) >= load.max_in_flight:
                    self._end(_not_sent(invoke, load))
                    continue
                task = tasks.create_task(self._carry_out(invoke, load.max_tokens))
                running.add(task)
                task.add_done_callback(running.discard)
        return Summary(invoked=number, ended=dict(self._ended))

    def _invoke(self, load: Load, number: int, intended: float, names: Random) -> Invoke:
        invoke = Invoke(
            operation=f"{load.seed}-{number}",
            nonce=new_nonce(names),
            time=self._clock.now(),
            intended_time=intended,
            deadline_seconds=load.deadline_seconds,
            route="/v1/chat/completions",
            model=load.model,
            stream=names.random() < load.stream_share,
        )
        self._history.append(invoke)
        return invoke

    async def _carry_out(self, invoke: Invoke, max_tokens: int) -> None:
        self._end(await self._caller.call(invoke, max_tokens=max_tokens))

    def _end(self, outcome: Outcome) -> None:
        self._history.append(outcome)
        kind = type(outcome).__name__.lower()
        self._ended[kind] = self._ended.get(kind, 0) + 1


def _not_sent(invoke: Invoke, load: Load) -> Fail:
    message = f"{load.max_in_flight} requests were in flight already"
    return Fail(operation=invoke.operation, time=invoke.time, code="not_sent", message=message)
