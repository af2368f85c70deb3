"""A provider that is spoken to by HTTP: one exchange, in whatever dialect, mapped to the gateway's errors.

Its one rule for streams: what ends before a finish_reason is an error, whatever ended it, a proper end of the body
included; what ends after it is complete, and whatever goes wrong then is nobody's concern.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from http import HTTPStatus

from services.gateway.clock import Clock
from services.gateway.errors import (
    MisconfiguredError,
    ProtocolError,
    RateLimitedError,
    ScalingError,
    StreamCutError,
    UpstreamError,
    UpstreamStatusError,
)
from services.gateway.messages import Chunk, Operation, Reply, Stream
from services.gateway.providers.dialect import Dialect, InBandError, StreamReading
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post, Response, Transport
from services.gateway.wire.frame import FrameError
from services.gateway.wire.retry_after import parse_retry_after

# After the finish_reason only the end of the body is awaited, for the connection's sake.
_DRAIN_SECONDS = 0.25
_DENIED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class HttpProvider:
    """One endpoint of one provider; see `Provider` for what `send` promises."""

    def __init__(
        self,
        name: str,
        dialect: Dialect,
        transport: Transport,
        clock: Clock,
        *,
        scaling_status_codes: frozenset[int] = frozenset(),
    ) -> None:
        self._name = name
        self._dialect = dialect
        self._transport = transport
        self._clock = clock
        self._scaling_status_codes = scaling_status_codes

    @property
    def name(self) -> str:
        return self._name

    async def send(self, upstream: UpstreamRequest) -> Reply:
        is_stream = upstream.request.operation is Operation.CHAT and upstream.request.stream
        timeouts = upstream.timeouts
        if is_stream:
            # `total` is for an attempt that waits for its whole answer; a stream may take what the request may.
            timeouts = replace(timeouts, total=upstream.request.deadline.remaining(self._clock.now()))
        response = await self._transport.post(self._post(upstream), timeouts)
        try:
            self._check_status(response)
            if is_stream:
                return await self._stream(upstream, response)
            reply = await self._whole(upstream, response)
        except BaseException:
            response.close()
            raise
        response.close()
        return reply

    async def aclose(self) -> None:
        await self._transport.aclose()

    def _post(self, upstream: UpstreamRequest) -> Post:
        try:
            post = self._dialect.post(upstream)
        except FrameError as error:
            refusal = self._protocol_error(error)
            # Nothing was sent: it says nothing about the endpoint, and trying again would not help.
            refusal.retryable = False
            raise refusal from None
        return Post(url=post.url, body=post.body, headers={"x-request-id": upstream.request.id, **post.headers})

    def _check_status(self, response: Response) -> None:
        status = response.status
        if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return
        kind = UpstreamStatusError
        if status in self._scaling_status_codes:
            kind = ScalingError
        elif status == HTTPStatus.TOO_MANY_REQUESTS:
            kind = RateLimitedError
        elif status in _DENIED:
            kind = MisconfiguredError
        raise kind(
            f"{self._name} answered with status {status}",
            provider=self._name,
            upstream_status=status,
            retry_after=parse_retry_after(response.header("retry-after"), self._clock.wall()),
        )

    async def _whole(self, upstream: UpstreamRequest, response: Response) -> Reply:
        body = await response.read()
        try:
            return self._dialect.reply(upstream, body)
        except FrameError as error:
            raise self._protocol_error(error) from None
        except InBandError:
            raise self._in_band_error() from None

    async def _stream(self, upstream: UpstreamRequest, response: Response) -> Stream:
        reading = self._dialect.reading(upstream, response.content_type)
        chunks = self._chunks(response, reading)
        # Read up to the first content: only then has every wire said who answers.
        first = await anext(chunks)

        async def close() -> None:
            response.close()

        return Stream(
            provider=self._name,
            model=reading.model or upstream.model,
            chunks=_rejoined(first, chunks),
            close=close,
            simulated=reading.simulated,
        )

    async def _chunks(self, response: Response, reading: StreamReading) -> AsyncIterator[Chunk]:
        order = _Order()
        try:
            while data := await self._next_bytes(response, order):
                for chunk in self._mapped(reading.feed(data)):
                    if order.admits(chunk):
                        yield chunk
            for chunk in self._mapped(reading.finish()):
                if order.admits(chunk):
                    yield chunk
        except UpstreamError:
            if not order.is_finished:
                raise
        finally:
            response.close()
        if not order.is_finished:
            raise StreamCutError(f"{self._name} ended its stream without a finish_reason", provider=self._name)

    async def _next_bytes(self, response: Response, order: "_Order") -> bytes:
        if not order.is_finished:
            return await response.next_bytes("gap" if order.has_content else "first_byte")
        try:
            async with asyncio.timeout(_DRAIN_SECONDS):
                return await response.next_bytes("gap")
        except TimeoutError:
            return b""

    def _mapped(self, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
        try:
            yield from chunks
        except FrameError as error:
            raise self._protocol_error(error) from None
        except InBandError:
            raise self._in_band_error() from None

    def _protocol_error(self, error: FrameError) -> ProtocolError:
        return ProtocolError(f"{self._name}: {error}", provider=self._name)

    def _in_band_error(self) -> StreamCutError:
        return StreamCutError(f"{self._name} reported an error inside its answer", provider=self._name)


async def _rejoined(first: Chunk, rest: AsyncIterator[Chunk]) -> AsyncIterator[Chunk]:
    yield first
    async for chunk in rest:
        yield chunk


class _Order:
    """Lets through what a stream's contract allows: content, one finish_reason, then at most one usage."""

    def __init__(self) -> None:
        self.has_content = False
        self.is_finished = False
        self._has_usage = False

    def admits(self, chunk: Chunk) -> bool:
        if self.is_finished:
            is_late_usage = chunk.usage is not None and not chunk.has_content and not self._has_usage
            self._has_usage = self._has_usage or is_late_usage
            return is_late_usage
        self.has_content = self.has_content or chunk.has_content
        self.is_finished = chunk.finish_reason is not None
        self._has_usage = chunk.usage is not None
        return chunk.has_content or self.is_finished
