"""Every wire format, spoken with the scripted upstream."""

import asyncio
import traceback
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import pytest

from loadtests.instruments.scripted_upstream import (
    Cut,
    Garbage,
    InBandError,
    Oversize,
    ScriptedUpstream,
    Stall,
    Step,
    always,
)
from services.gateway.clock import SystemClock
from services.gateway.deadline import Deadline
from services.gateway.errors import (
    ConnectError,
    MisconfiguredError,
    ProtocolError,
    RateLimitedError,
    ScalingError,
    StreamCutError,
    UpstreamError,
    UpstreamStatusError,
    UpstreamTimeoutError,
)
from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Stream
from services.gateway.providers.anthropic import AnthropicDialect
from services.gateway.providers.dialect import Dialect
from services.gateway.providers.generate import GenerateDialect
from services.gateway.providers.http_provider import HttpProvider
from services.gateway.providers.huggingface import HuggingFaceDialect
from services.gateway.providers.ollama import OllamaDialect
from services.gateway.providers.openai import OpenAIDialect
from services.gateway.providers.provider import Timeouts, UpstreamRequest
from services.gateway.providers.transport import AiohttpTransport, ConnectionLimits

KEY = "canary-secret-key"
NONCE = "nonce-00112233445566ff"
ECHO = "".join(f"{NONCE}.{number} " for number in range(4))
Ask = Callable[..., UpstreamRequest]


@dataclass(frozen=True)
class Wire:
    """One wire format and what it can do."""

    dialect: Callable[[str, str, str | None], Dialect]
    path: str = ""
    streams: bool = True
    embeds: bool = True


WIRES = {
    "openai": Wire(OpenAIDialect, "/v1"),
    "ollama": Wire(OllamaDialect),
    "anthropic": Wire(AnthropicDialect, embeds=False),
    "huggingface-chat": Wire(HuggingFaceDialect, "/v1"),
    "huggingface-task": Wire(HuggingFaceDialect, "/hf-inference"),
    "generate": Wire(GenerateDialect, "/generate", streams=False, embeds=False),
}
STREAMING = [name for name, wire in WIRES.items() if wire.streams]
EMBEDDING = [name for name, wire in WIRES.items() if wire.embeds]


def provider_at(address: str, wire: Wire, *, scaling: frozenset[int] = frozenset()) -> HttpProvider:
    clock = SystemClock()
    dialect = wire.dialect("some_provider", address + wire.path, KEY)
    transport = AiohttpTransport("some_provider", ConnectionLimits(), clock)
    return HttpProvider("some_provider", dialect, transport, clock, scaling_status_codes=scaling)


@pytest.fixture(params=WIRES)
async def provider(upstream: ScriptedUpstream, request: pytest.FixtureRequest) -> AsyncIterator[HttpProvider]:
    built = provider_at(upstream.url, WIRES[request.param], scaling=frozenset({503, 409}))
    yield built
    await built.aclose()


async def stream_of(provider: HttpProvider, upstream: UpstreamRequest) -> Stream:
    reply = await provider.send(upstream)
    assert isinstance(reply, Stream)
    return reply


async def drained(provider: HttpProvider, upstream: UpstreamRequest) -> list[Chunk]:
    stream = await stream_of(provider, upstream)
    try:
        return [chunk async for chunk in stream.chunks]
    finally:
        await stream.aclose()


def text_of(chunks: Sequence[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


async def test_an_answer_has_the_text_and_its_finish_reason(provider: HttpProvider, ask: Ask) -> None:
    reply = await provider.send(ask())
    assert isinstance(reply, Answer)
    assert (reply.provider, reply.model, reply.content) == ("some_provider", "m", ECHO)
    assert reply.finish_reason == "stop"
    assert not reply.degraded


async def test_the_request_id_is_forwarded_and_the_key_sent(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask
) -> None:
    await provider.send(ask())
    (call,) = upstream.calls
    assert call.headers["x-request-id"] == "request-1"
    assert "authorization" in call.headers or "x-api-key" in call.headers


async def test_a_stream_has_all_content_then_one_finish_reason(provider: HttpProvider, ask: Ask) -> None:
    stream = await stream_of(provider, ask(stream=True))
    assert (stream.provider, stream.model) == ("some_provider", "m")
    chunks = [chunk async for chunk in stream.chunks]
    assert text_of(chunks) == ECHO
    reasons = [chunk.finish_reason for chunk in chunks if chunk.finish_reason]
    assert reasons in (["stop"], ["length"])
    after = chunks[[chunk.finish_reason is not None for chunk in chunks].index(True) + 1 :]
    assert all(not chunk.has_content for chunk in after)
    assert len(after) <= 1
    assert all(chunk.has_content or chunk.finish_reason or chunk.usage for chunk in chunks)


@pytest.mark.parametrize("name", [name for name in STREAMING if name != "huggingface-task"])
async def test_a_stream_reports_its_usage_once(upstream: ScriptedUpstream, ask: Ask, name: str) -> None:
    provider = provider_at(upstream.url, WIRES[name])
    chunks = await drained(provider, ask(stream=True))
    (usage,) = [chunk.usage for chunk in chunks if chunk.usage is not None]
    assert (usage.prompt_tokens, usage.completion_tokens) == (2, 4)
    await provider.aclose()


@pytest.mark.parametrize("name", STREAMING)
async def test_a_streams_content_arrives_while_the_upstream_still_works(
    upstream: ScriptedUpstream, ask: Ask, name: str
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=1))))
    provider = provider_at(upstream.url, WIRES[name])
    stream = await stream_of(provider, ask(stream=True))
    first = await anext(stream.chunks)
    assert first.text == f"{NONCE}.0 "
    upstream.release()
    rest = [chunk async for chunk in stream.chunks]
    assert text_of([first, *rest]) == ECHO
    await provider.aclose()


@pytest.mark.parametrize("name", EMBEDDING)
async def test_embeddings_come_in_the_order_of_their_texts(
    upstream: ScriptedUpstream, embed: Callable[[Sequence[str]], UpstreamRequest], name: str
) -> None:
    provider = provider_at(upstream.url, WIRES[name])
    both, second = await provider.send(embed(["a", "b"])), await provider.send(embed(["b"]))
    assert isinstance(both, EmbeddingAnswer)
    assert isinstance(second, EmbeddingAnswer)
    assert (both.provider, both.model, len(both.vectors)) == ("some_provider", "m", 2)
    assert list(both.vectors[1]) == list(second.vectors[0]) != list(both.vectors[0])
    await provider.aclose()


@pytest.mark.parametrize("name", [name for name in WIRES if name not in EMBEDDING])
async def test_embeddings_are_refused_without_a_call_where_the_wire_has_none(
    upstream: ScriptedUpstream, embed: Callable[[Sequence[str]], UpstreamRequest], name: str
) -> None:
    provider = provider_at(upstream.url, WIRES[name])
    with pytest.raises(ProtocolError, match="no embeddings") as caught:
        await provider.send(embed(["a"]))
    assert not caught.value.retryable
    assert upstream.calls == ()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("status", "kind", "retryable"),
    [
        (503, ScalingError, True),
        (409, ScalingError, True),
        (429, RateLimitedError, False),
        (401, MisconfiguredError, False),
        (403, MisconfiguredError, False),
        (400, UpstreamStatusError, False),
        (404, UpstreamStatusError, False),
        (408, UpstreamStatusError, True),
        (500, UpstreamStatusError, True),
        (502, UpstreamStatusError, True),
        (529, UpstreamStatusError, True),
    ],
)
async def test_each_status_becomes_its_error(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Ask,
    *,
    status: int,
    kind: type[UpstreamStatusError],
    retryable: bool,
    stream: bool,
) -> None:
    upstream.set_script(always(Step(status=status, headers={"retry-after": "3"})))
    with pytest.raises(UpstreamStatusError) as caught:
        await provider.send(ask(stream=stream))
    error = caught.value
    assert type(error) is kind
    assert (error.provider, error.upstream_status, error.retryable) == ("some_provider", status, retryable)
    assert error.retry_after == 3.0
    assert len(upstream.calls) == 1


async def test_a_redirect_is_not_followed(provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask) -> None:
    upstream.set_script(always(Step(status=307, headers={"location": f"{upstream.url}/v1/models"})))
    with pytest.raises(UpstreamStatusError) as caught:
        await provider.send(ask())
    assert (caught.value.upstream_status, caught.value.retry_after) == (307, None)
    assert len(upstream.calls) == 1


async def test_scaling_codes_mean_nothing_special_to_other_endpoints(upstream: ScriptedUpstream, ask: Ask) -> None:
    upstream.set_script(always(Step(status=503)))
    provider = provider_at(upstream.url, WIRES["openai"])
    with pytest.raises(UpstreamStatusError) as caught:
        await provider.send(ask())
    assert type(caught.value) is UpstreamStatusError
    await provider.aclose()


@pytest.mark.parametrize("status", [400, 401, 429, 500])
async def test_a_secret_that_the_provider_echoes_is_nowhere_in_the_error(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask, status: int
) -> None:
    upstream.set_script(always(Step(status=status, echo_authorization=True, message="you sent")))
    with pytest.raises(UpstreamError) as caught:
        await provider.send(ask())
    shown = str(caught.value) + repr(caught.value) + "".join(traceback.format_exception(caught.value))
    assert KEY not in shown
    assert "you sent" not in str(caught.value)
    assert upstream.url not in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_in_band_error_before_content_is_an_error_of_the_call(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Ask,
    *,
    stream: bool,
) -> None:
    upstream.set_script(always(Step(mishap=InBandError(after_chunks=0, message=KEY))))
    with pytest.raises(UpstreamError) as caught:
        await provider.send(ask(stream=stream))
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("name", STREAMING)
async def test_an_in_band_error_after_content_ends_the_stream_with_an_error(
    upstream: ScriptedUpstream, ask: Ask, name: str
) -> None:
    upstream.set_script(always(Step(mishap=InBandError(after_chunks=2))))
    provider = provider_at(upstream.url, WIRES[name])
    stream = await stream_of(provider, ask(stream=True))
    seen = [await anext(stream.chunks), await anext(stream.chunks)]
    assert text_of(seen) == f"{NONCE}.0 {NONCE}.1 "
    with pytest.raises(StreamCutError):
        await anext(stream.chunks)
    await provider.aclose()


@pytest.mark.parametrize("name", STREAMING)
@pytest.mark.parametrize(
    ("mishap", "kind"),
    [
        (Garbage(after_chunks=1, text="data: {not json\n\n{not json\n"), ProtocolError),
        (Garbage(after_chunks=1, text="data: 7\n\n7\n"), ProtocolError),
        (Garbage(after_chunks=1, text='data: {"a": 1}\n\n{"a": 1}\n'), ProtocolError),
        (Oversize(after_chunks=1, size=1024 * 1024 + 1), ProtocolError),
        (Cut(after_chunks=1, manner="close"), StreamCutError),
        (Cut(after_chunks=1, manner="end"), StreamCutError),
    ],
)
async def test_what_goes_wrong_after_content_is_never_silent(
    upstream: ScriptedUpstream, ask: Ask, name: str, mishap: Garbage | Oversize | Cut, kind: type[UpstreamError]
) -> None:
    upstream.set_script(always(Step(mishap=mishap)))
    provider = provider_at(upstream.url, WIRES[name])
    stream = await stream_of(provider, ask(stream=True))
    assert (await anext(stream.chunks)).text == f"{NONCE}.0 "
    with pytest.raises(kind):
        await anext(stream.chunks)
    await provider.aclose()


@pytest.mark.parametrize("name", STREAMING)
async def test_a_stream_without_a_finish_reason_is_cut_though_it_ended_well(
    upstream: ScriptedUpstream, ask: Ask, name: str
) -> None:
    upstream.set_script(always(Step(finish=False)))
    provider = provider_at(upstream.url, WIRES[name])
    with pytest.raises(StreamCutError):
        await drained(provider, ask(stream=True))
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_garbage_in_place_of_an_answer_is_a_protocol_error(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Ask,
    *,
    stream: bool,
) -> None:
    upstream.set_script(always(Step(mishap=Garbage(after_chunks=0, text="data: <html>\n\n<html>\n"))))
    with pytest.raises(ProtocolError):
        await provider.send(ask(stream=stream))


async def test_bytes_that_are_no_http_are_a_protocol_error(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask
) -> None:
    upstream.set_script(always(Step(mishap=Garbage(text="\x00\x01 no http at all\r\n\r\n"))))
    with pytest.raises(ProtocolError):
        await provider.send(ask())


@pytest.mark.parametrize("manner", ["reset", "close"])
async def test_a_connection_that_ends_before_the_headers_is_cut(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask, manner: str
) -> None:
    upstream.set_script(always(Step(mishap=Cut.model_validate({"manner": manner}))))
    with pytest.raises(StreamCutError):
        await provider.send(ask())


@pytest.mark.parametrize("name", WIRES)
async def test_a_refused_connection_is_a_connect_error(ask: Ask, name: str) -> None:
    async with ScriptedUpstream() as closed:
        address = closed.url
    provider = provider_at(address, WIRES[name])
    with pytest.raises(ConnectError) as caught:
        await provider.send(ask())
    assert address not in str(caught.value)
    await provider.aclose()


async def test_no_headers_in_time_is_a_first_byte_timeout(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask
) -> None:
    upstream.set_script(always(Step(mishap=Stall())))
    with pytest.raises(UpstreamTimeoutError) as caught:
        await provider.send(ask(timeouts=Timeouts(connect=5, first_byte=0.1, gap=5, total=5)))
    assert caught.value.phase == "first_byte"
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None, seconds=1)
    assert call.ended == "client_left"


async def test_headers_without_a_body_in_time_are_a_total_timeout(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Ask
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=0))))
    with pytest.raises(UpstreamTimeoutError) as caught:
        await provider.send(ask(timeouts=Timeouts(connect=5, first_byte=5, gap=5, total=0.1)))
    assert caught.value.phase == "total"


@pytest.mark.parametrize("name", STREAMING)
async def test_no_content_in_time_is_a_first_byte_timeout(upstream: ScriptedUpstream, ask: Ask, name: str) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=0))))
    provider = provider_at(upstream.url, WIRES[name])
    with pytest.raises(UpstreamTimeoutError) as caught:
        await provider.send(ask(stream=True, timeouts=Timeouts(connect=5, first_byte=0.1, gap=0.01, total=5)))
    assert caught.value.phase == "first_byte"
    await provider.aclose()


@pytest.mark.parametrize("name", STREAMING)
async def test_a_stall_after_content_is_a_gap_timeout(upstream: ScriptedUpstream, ask: Ask, name: str) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=2))))
    provider = provider_at(upstream.url, WIRES[name])
    with pytest.raises(UpstreamTimeoutError) as caught:
        await drained(provider, ask(stream=True, timeouts=Timeouts(connect=5, first_byte=5, gap=0.1, total=5)))
    assert caught.value.phase == "gap"
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None, seconds=1)
    assert call.ended == "client_left"
    await provider.aclose()


@pytest.mark.parametrize("name", STREAMING)
async def test_a_stream_may_take_longer_than_an_attempt_but_not_than_the_request(
    upstream: ScriptedUpstream, ask: Ask, name: str
) -> None:
    upstream.set_script(always(Step(token_delay=0.06)))
    provider = provider_at(upstream.url, WIRES[name])
    brief = Timeouts(connect=5, first_byte=5, gap=5, total=0.1)
    assert text_of(await drained(provider, ask(stream=True, timeouts=brief))) == ECHO
    deadline = Deadline.after(SystemClock().now(), 0.1)
    with pytest.raises(UpstreamTimeoutError) as caught:
        await drained(provider, ask(stream=True, deadline=deadline))
    assert caught.value.phase == "total"
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("mishap", [Stall(), Stall(after_chunks=0)], ids=["before headers", "after headers"])
async def test_a_cancelled_call_is_seen_by_the_upstream_within_a_second(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Ask,
    mishap: Stall,
    *,
    stream: bool,
) -> None:
    upstream.set_script(always(Step(mishap=mishap)))
    task = asyncio.create_task(provider.send(ask(stream=stream)))
    await upstream.wait(lambda calls: len(calls) == 1 and calls[0].nonce == NONCE)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None, seconds=1)
    assert call.ended == "client_left"


@pytest.mark.parametrize("name", STREAMING)
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_a_stream_that_is_given_up_is_seen_by_the_upstream_within_a_second(
    upstream: ScriptedUpstream, ask: Ask, name: str, how: str
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=2))))
    provider = provider_at(upstream.url, WIRES[name])
    stream = await stream_of(provider, ask(stream=True))
    await anext(stream.chunks)
    if how == "cancelled":
        task = asyncio.ensure_future(anext(stream.chunks))
        await task
        task = asyncio.ensure_future(anext(stream.chunks))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    else:
        await stream.aclose()
        await stream.aclose()
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None, seconds=1)
    assert call.ended == "client_left"
    await provider.aclose()


@pytest.mark.parametrize("stream", [False, True])
async def test_connections_are_used_again_after_complete_answers(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Ask,
    *,
    stream: bool,
) -> None:
    for _ in range(3):
        if stream:
            await drained(provider, ask(stream=True))
        else:
            await provider.send(ask())
    assert upstream.open_connections == 1
