"""One client connection, down to its bytes.

A library's server would finish framing by itself, which is just what an instrument that cuts must not do. So this
parses requests with httptools and leaves each answer's bytes, and how the connection ends, to the exchange. Reading
never pauses: it is how a client that leaves is noticed at once. Pipelined requests wait in a short queue.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

import httptools

from loadtests.instruments.scripted_upstream.request import Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Exchange = Callable[["Request", "Connection"], Awaitable[None]]

_MAX_BODY = 16 * 1024 * 1024
_MAX_HEADERS = 200
_MAX_PIPELINED = 16
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """Parses requests and hands each to `exchange`, one at a time."""

    def __init__(self, exchange: Exchange, on_lost: Callable[[Connection], None]) -> None:
        self._exchange = exchange
        self._on_lost = on_lost
        self._waiting: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._writable = asyncio.Event()
        self._writable.set()
        self._start_request()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._parser = httptools.HttpRequestParser(self)

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._writable.set()
        if self._task is not None:
            self._task.cancel()
        self._on_lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.write(_BAD_REQUEST)
            self._transport.close()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def write(self, data: bytes) -> None:
        """Writes, and waits while the client does not read."""
        self._transport.write(data)
        await self._writable.wait()

    def close(self) -> None:
        """Sends what is written, then FIN."""
        self._transport.close()

    def reset(self) -> None:
        """Drops what is not sent yet and sends RST."""
        plain: socket.socket | None = self._transport.get_extra_info("socket")
        if plain is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self._transport.abort()

    def on_message_begin(self) -> None:
        self._start_request()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if len(self._headers) >= _MAX_HEADERS:
            raise httptools.HttpParserError("too many headers")
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > _MAX_BODY:
            raise httptools.HttpParserError("body too large")

    def on_message_complete(self) -> None:
        request = Request(
            method=self._parser.get_method().decode(),
            path=self._url.decode("latin-1").partition("?")[0],
            headers=self._headers,
            body=bytes(self._body),
            keep_alive=self._parser.should_keep_alive(),
        )
        if len(self._waiting) >= _MAX_PIPELINED:
            raise httptools.HttpParserError("too many pipelined requests")
        self._waiting.append(request)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    def _start_request(self) -> None:
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body = bytearray()

    async def _serve(self) -> None:
        try:
            while self._waiting and not self._transport.is_closing():
                await self._exchange(self._waiting.popleft(), self)
        finally:
            self._task = None
