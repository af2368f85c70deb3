from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from typing import TYPE_CHECKING, Literal

import msgspec

from loadtests.instruments.history import UpstreamCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from loadtests.instruments.scripted_upstream.request import Request

Ending = Literal["complete", "cut", "client_left", "stopped"]

_SECRET_HEADERS = frozenset({"authorization", "proxy-authorization", "x-api-key", "api-key", "cookie"})
_MAX_CALLS = 200_000


class Call(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One request that reached the upstream.

    Attributes:
        headers: lower-case names; a secret's value is replaced by its digest's first 8 digits.
        ended: None while the answer is under way.
        client_left_time: when the client closed before the answer was complete.
    """

    number: int
    time: float
    method: str
    path: str
    headers: dict[str, str]
    body_digest: str
    model: str = ""
    nonce: str = ""
    stream: bool = False
    status: int = 0
    chunks_sent: int = 0
    bytes_sent: int = 0
    ended: Ending | None = None
    ended_time: float | None = None
    client_left_time: float | None = None


class CallLog:
    """The last calls in order of arrival; the oldest are dropped beyond a bound."""

    def __init__(self) -> None:
        self._calls: deque[Call] = deque(maxlen=_MAX_CALLS)
        self._first = 0
        self._next = 0
        self._changed = asyncio.Event()

    def __call__(self) -> tuple[Call, ...]:
        return tuple(self._calls)

    def open(self, request: Request, time: float) -> Call:
        call = Call(
            number=self._next,
            time=time,
            method=request.method,
            path=request.path,
            headers=without_secrets(request.headers),
            body_digest=hashlib.sha256(request.body).hexdigest(),
        )
        self._next += 1
        self._calls.append(call)
        self._first = self._next - len(self._calls)
        self._notify()
        return call

    def replace(self, call: Call) -> None:
        """Puts a later state of a call in the earlier one's place; ignored when that was dropped or cleared."""
        position = call.number - self._first
        if 0 <= position < len(self._calls):
            self._calls[position] = call
            self._notify()

    def clear(self) -> None:
        self._calls.clear()
        self._first = self._next

    async def wait(self, condition: Callable[[tuple[Call, ...]], bool], *, seconds: float) -> tuple[Call, ...]:
        """The calls as soon as the condition holds for them. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition(self()):
                await self._changed.wait()
        return self()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def without_secrets(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers with each credential replaced by a short digest, so that two can still be told apart."""
    return {name: _digest(value) if name in _SECRET_HEADERS else value for name, value in headers.items()}


def _digest(value: str) -> str:
    return f"sha256:{hashlib.sha256(value.encode()).hexdigest()[:8]}"


def as_history(calls: Iterable[Call], *, upstream: str, paid: bool = False) -> Iterator[UpstreamCall]:
    """The calls as records of a history, under the upstream's name in that run."""
    for call in calls:
        yield UpstreamCall(
            upstream=upstream,
            nonce=call.nonce,
            time=call.time,
            paid=paid,
            model=call.model,
            status=call.status,
            ended=call.ended or "",
            ended_time=call.ended_time,
        )
