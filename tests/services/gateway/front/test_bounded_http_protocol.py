import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from services.gateway.front.bounded_http_protocol import BoundedHttpProtocol
from services.gateway.front.wire import Receive, Scope, Send, read_body, send_body

LARGE = 50_000_000
REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\nhi"


class Hasty(BoundedHttpProtocol):
    head_seconds = 0.2
    stall_seconds = 0.5


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    await send_body(send, 200, b"a" * LARGE, {})


async def echo(scope: Scope, receive: Receive, send: Send) -> None:
    await send_body(send, 200, await read_body(scope, receive, 1000), {})


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def connected(
    protocol: type[BoundedHttpProtocol], application: Callable[[Scope, Receive, Send], Awaitable[None]] = echo
) -> AsyncIterator[Connection]:
    server = uvicorn.Server(uvicorn.Config(application, port=0, http=protocol, lifespan="off", log_config=None))
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup()
    port = server.servers[0].sockets[0].getsockname()[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()
        await server.shutdown()


async def refusal(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Status and code of what is answered before the connection is closed."""
    answer = await asyncio.wait_for(reader.read(), 5)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]), json.loads(body)["error"]["code"]


@pytest.mark.parametrize("beginning", [b"", b"POST / HTTP/1.1\r\nx-drip: a"])
async def test_headers_that_do_not_come_whole_in_time_are_408(beginning: bytes) -> None:
    async with connected(Hasty) as (reader, writer):
        writer.write(beginning)

        assert await refusal(reader) == (408, "request_timeout")


async def test_a_later_request_of_a_connection_has_its_own_time_and_silence_between_is_no_head() -> None:
    async with connected(Hasty) as (reader, writer):
        for _ in range(2):
            writer.write(REQUEST)
            assert (await asyncio.wait_for(reader.readuntil(b"hi"), 5)).startswith(b"HTTP/1.1 200")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.4)
        writer.write(b"POST")

        assert await refusal(reader) == (408, "request_timeout")


async def test_a_body_that_comes_late_is_not_the_heads_concern() -> None:
    async with connected(Hasty) as (reader, writer):
        writer.write(REQUEST[:-1])
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.4)
        writer.write(b"i")

        assert (await asyncio.wait_for(reader.readuntil(b"hi"), 5)).startswith(b"HTTP/1.1 200")


async def test_headers_beyond_the_limit_are_431_without_waiting_for_their_end() -> None:
    async with connected(BoundedHttpProtocol) as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nx-large: ")
        for _ in range(5):
            writer.write(b"a" * 16_384)

        assert await refusal(reader) == (431, "head_too_large")


async def test_a_client_that_does_not_read_is_broken_off() -> None:
    async with connected(Hasty, flood) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"200")
        await asyncio.sleep(1.2)

        assert len(await asyncio.wait_for(reader.read(), 5)) < LARGE


async def test_a_client_that_reads_slowly_gets_a_large_answer_whole() -> None:
    async with connected(Hasty, flood) as (reader, writer):
        writer.write(REQUEST)
        await reader.readuntil(b"\r\n\r\n")
        size = 0
        while size < LARGE:
            size += len(await asyncio.wait_for(reader.readexactly(LARGE // 10), 20))
            await asyncio.sleep(0.1)

    assert size == LARGE


@pytest.mark.parametrize(
    "nonsense",
    [b"\x16\x03\x01 no http", b"CONNECT x:443 HTTP/1.1", b"GET http:///// HTTP/1.1", b"GET /\xff\xfe HTTP/1.1"],
)
async def test_what_is_no_http_is_400_in_the_same_shape(caplog: pytest.LogCaptureFixture, nonsense: bytes) -> None:
    caplog.set_level(logging.CRITICAL)
    async with connected(BoundedHttpProtocol) as (reader, writer):
        writer.write(nonsense + b"\r\n\r\n")

        assert await refusal(reader) == (400, "invalid_request")
