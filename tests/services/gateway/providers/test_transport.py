import asyncio
import gzip
import socket
from collections.abc import AsyncIterator

import pytest

from loadtests.instruments.scripted_upstream import Oversize, ScriptedUpstream, Stall, Step, always
from services.gateway.clock import SystemClock
from services.gateway.errors import ConnectError, ProtocolError, UpstreamTimeoutError
from services.gateway.providers import transport as transport_module
from services.gateway.providers.provider import Timeouts
from services.gateway.providers.transport import AiohttpTransport, ConnectionLimits, Post

PATIENT = Timeouts(connect=5, first_byte=5, gap=5, total=5)
HURRIED = Timeouts(connect=0.1, first_byte=5, gap=5, total=5)
BODY = b'{"prompt": "x"}'


@pytest.fixture
async def transport() -> AsyncIterator[AiohttpTransport]:
    built = AiohttpTransport("p", ConnectionLimits(max_connections=4, max_keepalive=2), SystemClock())
    yield built
    await built.aclose()


def post_to(upstream: ScriptedUpstream, body: bytes = BODY) -> Post:
    return Post(f"{upstream.url}/generate", body)


async def fetched(transport: AiohttpTransport, post: Post) -> bytes:
    response = await transport.post(post, PATIENT)
    try:
        return await response.read()
    finally:
        response.close()


async def test_a_handshake_that_is_not_answered_is_a_connect_timeout(transport: AiohttpTransport) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        with pytest.raises(UpstreamTimeoutError) as caught:
            await transport.post(Post(f"http://127.0.0.1:{full.getsockname()[1]}/", BODY), HURRIED)
        for one in waiting:
            one.close()
    assert caught.value.phase == "connect"


async def test_no_more_connections_are_opened_than_allowed(
    transport: AiohttpTransport, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Stall())))
    stalled = [asyncio.create_task(fetched(transport, post_to(upstream))) for _ in range(4)]
    await upstream.wait(lambda calls: len(calls) == 4)
    with pytest.raises(UpstreamTimeoutError) as caught:
        await transport.post(post_to(upstream), HURRIED)
    assert caught.value.phase == "connect"
    assert upstream.open_connections == 4
    upstream.release()
    await asyncio.gather(*stalled)


async def test_no_more_idle_connections_are_kept_than_allowed(
    transport: AiohttpTransport, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Stall())))
    asked = [asyncio.create_task(fetched(transport, post_to(upstream))) for _ in range(4)]
    await upstream.wait(lambda calls: len(calls) == 4)
    upstream.release()
    await asyncio.gather(*asked)
    assert await upstream.wait_connections(lambda count: count <= 2) == 2


async def test_a_name_that_is_not_found_is_a_connect_error(transport: AiohttpTransport) -> None:
    with pytest.raises(ConnectError):
        await transport.post(Post("http://nowhere.invalid/", BODY), PATIENT)


async def test_a_tls_failure_is_a_connect_error_and_nothing_falls_back_to_plain_http(
    transport: AiohttpTransport, upstream: ScriptedUpstream
) -> None:
    with pytest.raises(ConnectError):
        await transport.post(Post(f"https://127.0.0.1:{upstream.port}/generate", BODY), PATIENT)
    assert upstream.calls == ()


async def test_a_body_beyond_the_limit_is_refused_without_reading_it_all(
    transport: AiohttpTransport, upstream: ScriptedUpstream
) -> None:
    size = 4 * transport_module.MAX_BODY
    upstream.set_script(always(Step(mishap=Oversize(after_chunks=0, size=size))))
    with pytest.raises(ProtocolError, match="more than"):
        await fetched(transport, post_to(upstream))
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None)
    assert call.ended == "client_left"


async def test_a_compressed_body_is_refused(transport: AiohttpTransport, upstream: ScriptedUpstream) -> None:
    bomb = gzip.compress(b"x" * 1000).decode("latin-1")
    upstream.set_script(always(Step(text=bomb, headers={"content-encoding": "gzip"})))
    with pytest.raises(ProtocolError, match="encoded"):
        await fetched(transport, post_to(upstream))
    assert upstream.calls[0].headers["accept-encoding"] == "identity"


async def test_a_large_request_is_sent_whole(transport: AiohttpTransport, upstream: ScriptedUpstream) -> None:
    body = b'{"prompt": "' + b"x" * 3_000_000 + b'"}'
    assert b"nonce" in await fetched(transport, post_to(upstream, body))


async def test_cookies_are_not_kept(transport: AiohttpTransport, upstream: ScriptedUpstream) -> None:
    upstream.set_script(always(Step(headers={"set-cookie": "a=b"})))
    by_name = Post(f"http://localhost:{upstream.port}/generate", BODY)
    await fetched(transport, by_name)
    await fetched(transport, by_name)
    assert "cookie" not in upstream.calls[1].headers


async def test_a_closed_response_frees_its_connection_at_once(
    transport: AiohttpTransport, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=0))))
    for _ in range(8):
        response = await transport.post(post_to(upstream), PATIENT)
        response.close()
        response.close()
    await upstream.wait(lambda calls: all(call.ended == "client_left" for call in calls), seconds=1)


def test_what_is_sent_does_not_show_its_headers() -> None:
    assert "canary" not in repr(Post("http://x", b"", {"authorization": "canary"}))


async def _close_without_saying_so(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An upstream that closes when asked to, and does not repeat in its answer that it will."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))[15:])
            await reader.readexactly(length)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")
            await writer.drain()
            if b"connection: close" in head.lower():
                await asyncio.sleep(0.02)  # long enough for the client to believe that the connection stays
                break
    except asyncio.IncompleteReadError:
        pass
    finally:
        writer.close()


async def test_a_connection_that_the_upstream_closes_unannounced_is_not_used_again() -> None:
    server = await asyncio.start_server(_close_without_saying_so, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    transport = AiohttpTransport("p", ConnectionLimits(max_connections=16, max_keepalive=1), SystemClock())

    async def call() -> bytes:
        response = await transport.post(Post(url, b"{}"), Timeouts(connect=5, first_byte=5, gap=5, total=5))
        try:
            return await response.read()
        finally:
            response.close()

    async with server:
        rounds = [await asyncio.gather(*(call() for _ in range(8))) for _ in range(20)]
        await transport.aclose()

    assert rounds == [[b"{}"] * 8] * 20
