"""The seam to the network: one POST, its response's bytes, and a limit on every wait.

Only this module knows the HTTP client. It leaves nothing to the client's defaults that could wait, grow, follow or
retry: no redirect, no cookie, no proxy from the environment, no decompression (a small body cannot become a large one),
no second try. Errors hold neither addresses nor headers, so that no credential can reach a log or an answer by them.
"""

import asyncio
import io
import math
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

import aiohttp

from services.gateway.clock import Clock
from services.gateway.errors import ConnectError, Phase, ProtocolError, StreamCutError, UpstreamTimeoutError
from services.gateway.providers.provider import Timeouts

MAX_BODY = 32 * 1024 * 1024
# Servers close idle connections (uvicorn after 5 s); a request on one that is just being closed would fail.
_KEEPALIVE_SECONDS = 4.0
_READ_SIZE = 64 * 1024
# aiohttp warns of larger bytes because writing them at once blocks the loop.
_LARGE_REQUEST = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Post:
    """What is sent.

    Attributes:
        headers: Besides content type and encoding; may hold credentials, hence not shown.
    """

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


class Response(Protocol):
    """A response whose head has arrived. Whoever holds it calls `close`, whatever happened before."""

    @property
    def status(self) -> int: ...

    @property
    def content_type(self) -> str:
        """Lower case, without parameters."""
        ...

    def header(self, name: str) -> str | None: ...

    async def next_bytes(self, phase: Phase) -> bytes:
        """The next bytes of the body, b"" at its proper end; `phase` says by which timeout the wait is bounded."""
        ...

    async def read(self) -> bytes:
        """The whole body, at most MAX_BODY bytes."""
        ...

    def close(self) -> None:
        """End the connection at once, unless the body was read to its end; may be called any number of times."""
        ...


class Transport(Protocol):
    """Makes single calls to one endpoint; raises only errors of the gateway's tree."""

    async def post(self, post: Post, timeouts: Timeouts) -> Response: ...

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections one endpoint gets, and how many of them may stay open idle."""

    max_connections: int = 100
    max_keepalive: int = 20


class _Patience:
    """The timeouts of one attempt, counted from its start."""

    def __init__(self, provider: str, timeouts: Timeouts, clock: Clock) -> None:
        self._provider = provider
        self._clock = clock
        self._gap = timeouts.gap
        start = clock.now()
        self._ends: Mapping[Phase, float] = {
            "connect": start + timeouts.connect,
            "first_byte": start + timeouts.first_byte,
            "total": start + timeouts.total,
        }

    @asynccontextmanager
    async def within(self, phase: Phase) -> AsyncIterator[None]:
        """Bounds what is awaited inside. Raises UpstreamTimeoutError."""
        now = self._clock.now()
        total = self._ends["total"] - now
        own = self._gap if phase == "gap" else self._ends[phase] - now
        seconds = min(own, total)
        try:
            async with asyncio.timeout(None if math.isinf(seconds) else max(0.0, seconds)) as scope:
                yield
        except TimeoutError:
            if not scope.expired():
                raise
            raise self.timed_out(phase if own <= total else "total") from None

    def timed_out(self, phase: Phase) -> UpstreamTimeoutError:
        return UpstreamTimeoutError(
            f"{self._provider} took too long ({phase} timeout)", provider=self._provider, phase=phase
        )


class AiohttpTransport:
    """Calls one endpoint through aiohttp, with connections of its own.

    Requests that begin while few are in flight share connections that stay open; the others get one each, which is
    closed after its answer. Asking for that by a header is not enough: an upstream that closes without saying so would
    leave a dead connection in the pool, and the next request would fail on it.
    """

    def __init__(self, provider: str, limits: ConnectionLimits, clock: Clock) -> None:
        self._provider = provider
        self._limits = limits
        self._clock = clock
        self._kept: aiohttp.ClientSession | None = None
        self._single: aiohttp.ClientSession | None = None
        self._in_flight = 0

    async def post(self, post: Post, timeouts: Timeouts) -> Response:
        patience = _Patience(self._provider, timeouts, self._clock)
        self._in_flight += 1
        try:
            async with patience.within("first_byte"):
                inner = await self._send(post, timeouts.connect)
        except (aiohttp.ClientError, OSError) as error:
            self._release()
            raise self._translated(error, patience) from None
        except BaseException:
            self._release()
            raise
        return _AiohttpResponse(self._provider, inner, patience, self._release)

    async def aclose(self) -> None:
        for session in (self._kept, self._single):
            if session is not None:
                await session.close()

    def _release(self) -> None:
        self._in_flight -= 1

    async def _send(self, post: Post, connect_seconds: float) -> aiohttp.ClientResponse:
        large = len(post.body) >= _LARGE_REQUEST
        connect = None if math.isinf(connect_seconds) else max(connect_seconds, 0.001)
        return await self._session().post(
            post.url,
            data=io.BytesIO(post.body) if large else post.body,
            headers={"content-type": "application/json", "accept-encoding": "identity", **post.headers},
            timeout=aiohttp.ClientTimeout(total=None, connect=connect),
            allow_redirects=False,
        )

    def _session(self) -> aiohttp.ClientSession:
        limits = self._limits
        if self._in_flight <= limits.max_keepalive:
            if self._kept is None:
                self._kept = _opened(
                    aiohttp.TCPConnector(limit=limits.max_connections, keepalive_timeout=_KEEPALIVE_SECONDS)
                )
            return self._kept
        if self._single is None:
            beyond = max(1, limits.max_connections - limits.max_keepalive)
            self._single = _opened(aiohttp.TCPConnector(limit=beyond, force_close=True))
        return self._single

    def _translated(self, error: Exception, patience: _Patience) -> Exception:
        name = self._provider
        if isinstance(error, aiohttp.ConnectionTimeoutError):
            return patience.timed_out("connect")
        if isinstance(error, aiohttp.ClientConnectorError):
            return ConnectError(f"{name} cannot be reached", provider=name)
        if isinstance(error, aiohttp.ClientConnectionError | OSError):
            return StreamCutError(f"{name} closed the connection before it answered", provider=name)
        return ProtocolError(f"{name} sent a response that is no valid HTTP", provider=name)


def _opened(connector: aiohttp.TCPConnector) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        headers={"user-agent": "forebay"},
        read_bufsize=_READ_SIZE,
    )


class _AiohttpResponse:
    def __init__(
        self, provider: str, inner: aiohttp.ClientResponse, patience: _Patience, on_close: Callable[[], None]
    ) -> None:
        self._provider = provider
        self._inner = inner
        self._patience = patience
        self._on_close: Callable[[], None] | None = on_close

    @property
    def status(self) -> int:
        return self._inner.status

    @property
    def content_type(self) -> str:
        return self._inner.content_type.lower()

    def header(self, name: str) -> str | None:
        return self._inner.headers.get(name)

    async def next_bytes(self, phase: Phase) -> bytes:
        if self._inner.headers.get("content-encoding", "identity").lower() != "identity":
            raise ProtocolError(
                f"{self._provider} sent an encoded body that was not asked for", provider=self._provider
            )
        try:
            async with self._patience.within(phase):
                return await self._inner.content.readany()
        except (aiohttp.ClientError, OSError):
            raise StreamCutError(f"{self._provider} broke the connection off", provider=self._provider) from None

    async def read(self) -> bytes:
        parts, size = list[bytes](), 0
        while part := await self.next_bytes("total"):
            size += len(part)
            if size > MAX_BODY:
                raise ProtocolError(f"{self._provider} sent more than {MAX_BODY} bytes", provider=self._provider)
            parts.append(part)
        return b"".join(parts)

    def close(self) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close is not None:
            self._inner.close()
            on_close()
