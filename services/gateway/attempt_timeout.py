"""Bounds one attempt, and primes streams.

A stream is handed up only once its first content (or its finish) is there. Up to then a failure is an exception of the
call itself, so that the layers above may retry or fall back; after it no layer can, since a client has seen content.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from functools import partial
from typing import TypeVar

from services.gateway.clock import Clock
from services.gateway.deadline import Deadline
from services.gateway.errors import DeadlineExceededError, Phase, StreamCutError, UpstreamTimeoutError
from services.gateway.messages import Chunk, Reply, Request, Stream
from services.gateway.providers.provider import Timeouts
from services.gateway.service import Service

_T = TypeVar("_T")


def cut_to_deadline(timeouts: Timeouts, remaining: float, *, stream: bool) -> Timeouts:
    """The timeouts of an attempt that begins with `remaining` seconds left; a stream's total is the deadline alone."""
    return Timeouts(
        connect=min(timeouts.connect, remaining),
        first_byte=min(timeouts.first_byte, remaining),
        gap=timeouts.gap,
        total=remaining if stream else min(timeouts.total, remaining),
    )


class AttemptTimeoutLayer:
    """Turns waiting too long into UpstreamTimeoutError, or into DeadlineExceededError when the request's time is up.

    Above: the breaker, which counts the timeout. Below: the provider, whose task is cancelled.
    """

    def __init__(self, provider: str, timeouts: Timeouts, clock: Clock) -> None:
        self._provider = provider
        self._timeouts = timeouts
        self._clock = clock

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        if not request.stream:
            return await self._bounded(service(request), self._timeouts.total, "total", request.deadline)
        return await self._bounded(
            self._primed(service, request), self._timeouts.first_byte, "first_byte", request.deadline
        )

    async def _primed(self, service: Service, request: Request) -> Reply:
        reply = await service(request)
        if not isinstance(reply, Stream):
            return reply
        try:
            first = await self._first(reply)
        except BaseException:
            await reply.aclose()
            raise
        return reply.wrapped(_Primed(self, first, reply.chunks, request.deadline), reply.aclose)

    async def _first(self, stream: Stream) -> Chunk:
        async for chunk in stream.chunks:
            if chunk.has_content or chunk.finish_reason is not None:
                return chunk
        raise StreamCutError("the stream ended before its first content", provider=self._provider)

    async def next_chunk(self, chunks: AsyncIterator[Chunk], deadline: Deadline) -> Chunk:
        """The next chunk, within the gap and the deadline."""
        return await self._bounded(anext(chunks), self._timeouts.gap, "gap", deadline)

    async def _bounded(self, work: Awaitable[_T], seconds: float, phase: Phase, deadline: Deadline) -> _T:
        limit = deadline.at_most(self._clock.now(), seconds)
        try:
            async with asyncio.timeout(limit) as scope:
                return await work
        except TimeoutError as error:
            if not scope.expired():
                raise
            if limit < seconds:
                raise DeadlineExceededError("the request's time was up while a provider was working") from error
            raise UpstreamTimeoutError(
                f"{self._provider} took longer than {seconds:g} s ({phase})", provider=self._provider, phase=phase
            ) from None
        except UpstreamTimeoutError as error:
            # The provider keeps the same bounds; when they were cut by the deadline it is not the provider's failure.
            if deadline.expired(self._clock.now()):
                raise DeadlineExceededError("the request's time was up while a provider was working") from error
            raise


class _Primed:
    __slots__ = ("_chunks", "_deadline", "_first", "_layer")

    def __init__(
        self, layer: AttemptTimeoutLayer, first: Chunk, chunks: AsyncIterator[Chunk], deadline: Deadline
    ) -> None:
        self._layer = layer
        self._first: Chunk | None = first
        self._chunks = chunks
        self._deadline = deadline

    def __aiter__(self) -> "_Primed":
        return self

    async def __anext__(self) -> Chunk:
        first, self._first = self._first, None
        return first if first is not None else await self._layer.next_chunk(self._chunks, self._deadline)
