from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

import aiohttp
import msgspec

from loadtests.instruments.chat_reading import ChatReading
from loadtests.instruments.history import Fail, Observation, Ok, Outcome, Unknown

if TYPE_CHECKING:
    from types import TracebackType

    from loadtests.instruments.clock import Clock
    from loadtests.instruments.history import Invoke

_PATH = "/v1/chat/completions"
_MAX_BODY = 16 * 1024 * 1024
_CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """The stack under load: base URL without `/v1`, and a key that is never printed."""

    url: str
    api_key: str


class ChatClient:
    """Sends single chat requests and tells how each ended. No retry, no redirect, no limit on connections."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._clock = clock

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            headers={"authorization": f"Bearer {self._target.api_key}"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def call(self, invoke: Invoke, *, max_tokens: int) -> Outcome:
        """One operation from its first byte to its outcome; its deadline ends it as unknown."""
        reading: list[ChatReading] = []
        body = {
            "model": invoke.model,
            "messages": [{"role": "user", "content": f"Repeat {invoke.nonce}"}],
            "max_tokens": max_tokens,
            "stream": invoke.stream,
        }
        try:
            async with asyncio.timeout(invoke.deadline_seconds):
                return await self._exchange(invoke, body, reading)
        except TimeoutError:
            return self._unknown(invoke, "timeout", "the deadline passed", reading)
        except aiohttp.ClientConnectorError as error:
            return self._fail(invoke, "connect", str(error.os_error), Observation())
        except (aiohttp.ClientError, OSError) as error:
            return self._unknown(invoke, "broken", f"{type(error).__name__}: {error}", reading)
        except (msgspec.DecodeError, ValueError) as error:
            return self._fail(invoke, "garbage", str(error), _seen(reading))

    async def _exchange(self, invoke: Invoke, body: dict[str, object], reading: list[ChatReading]) -> Outcome:
        async with self._session.post(f"{self._target.url}{_PATH}", json=body, allow_redirects=False) as response:
            read = ChatReading(response.status, {name.lower(): value for name, value in response.headers.items()})
            reading.append(read)
            if response.content_type == "text/event-stream":
                async for line in response.content:
                    read.line(line, self._clock.now())
            else:
                read.document(await _body(response) or b"{}", self._clock.now())
        return self._outcome(invoke, response.status, read)

    def _outcome(self, invoke: Invoke, status: int, read: ChatReading) -> Outcome:
        seen = read.observation(ended_cleanly=True)
        if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
            return self._fail(invoke, read.error_code or f"http_{status}", read.error_message, seen)
        if read.error_events:
            return self._fail(invoke, read.error_code or "error_event", read.error_message, seen)
        if read.finish_reason is None:
            return self._fail(invoke, "silent_end", "the answer ended without a finish reason", seen)
        return Ok(operation=invoke.operation, time=self._clock.now(), seen=seen)

    def _fail(self, invoke: Invoke, code: str, message: str, seen: Observation) -> Fail:
        return Fail(operation=invoke.operation, time=self._clock.now(), code=code, message=message, seen=seen)

    def _unknown(self, invoke: Invoke, reason: str, message: str, reading: list[ChatReading]) -> Unknown:
        return Unknown(
            operation=invoke.operation,
            time=self._clock.now(),
            reason="timeout" if reason == "timeout" else "broken",
            message=message,
            seen=_seen(reading),
        )


async def _body(response: aiohttp.ClientResponse) -> bytes:
    body = bytearray()
    async for part in response.content.iter_any():
        body += part
        if len(body) > _MAX_BODY:
            raise ValueError(f"the body is larger than {_MAX_BODY} bytes")
    return bytes(body)


def _seen(reading: list[ChatReading]) -> Observation:
    return reading[0].observation(ended_cleanly=False) if reading else Observation()
