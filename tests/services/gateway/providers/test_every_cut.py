"""Cuts one short answer of each wire at every byte: it is never taken for a complete one, and no text is made up."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from loadtests.instruments.scripted_upstream import STEP_HEADER, Cut, ScriptedUpstream, Step, always
from services.gateway.clock import SystemClock
from services.gateway.errors import UpstreamError
from services.gateway.messages import Answer, Stream
from services.gateway.providers.anthropic import AnthropicDialect
from services.gateway.providers.dialect import Dialect
from services.gateway.providers.generate import GenerateDialect
from services.gateway.providers.http_provider import HttpProvider
from services.gateway.providers.huggingface import HuggingFaceDialect
from services.gateway.providers.ollama import OllamaDialect
from services.gateway.providers.openai import OpenAIDialect
from services.gateway.providers.provider import Timeouts, UpstreamRequest
from services.gateway.providers.transport import AiohttpTransport, ConnectionLimits, Post, Response

TEXT = "é漢🙂z"
SHORT = Step(text=TEXT, tokens=2)
AT_ONCE = 16
DIALECTS: dict[str, tuple[Callable[[str, str], Dialect], str]] = {
    "openai": (OpenAIDialect, "/v1"),
    "ollama": (OllamaDialect, ""),
    "anthropic": (AnthropicDialect, ""),
    "huggingface-task": (HuggingFaceDialect, "/hf-inference"),
    "generate": (GenerateDialect, "/generate"),
}


class InstructingTransport:
    """Adds each call's own step to what is sent, so that many cuts run side by side."""

    def __init__(self, inner: AiohttpTransport) -> None:
        self._inner = inner

    async def post(self, post: Post, timeouts: Timeouts) -> Response:
        step = post.headers["x-request-id"]
        return await self._inner.post(Post(post.url, post.body, {STEP_HEADER: step}), timeouts)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture(params=DIALECTS)
async def provider(upstream: ScriptedUpstream, request: pytest.FixtureRequest) -> AsyncIterator[HttpProvider]:
    dialect, path = DIALECTS[request.param]
    clock = SystemClock()
    transport = InstructingTransport(AiohttpTransport("p", ConnectionLimits(), clock))
    built = HttpProvider("p", dialect("p", upstream.url + path), transport, clock)
    yield built
    await built.aclose()


async def outcome(provider: HttpProvider, upstream: UpstreamRequest) -> tuple[str, bool]:
    """The text that came, and whether it was taken for complete."""
    text = ""
    try:
        reply = await provider.send(upstream)
        if isinstance(reply, Answer):
            return reply.content, True
        assert isinstance(reply, Stream)
        finished = False
        async for chunk in reply.chunks:
            text += chunk.text
            finished = finished or chunk.finish_reason is not None
    except UpstreamError:
        return text, False
    assert finished
    return text, True


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("manner", "framing"), [("close", "chunked"), ("end", "chunked"), ("close", "eof")], ids=["fin", "end", "eof"]
)
async def test_a_cut_at_any_byte_is_an_error_or_comes_after_the_finish(
    provider: HttpProvider,
    upstream: ScriptedUpstream,
    ask: Callable[..., UpstreamRequest],
    manner: str,
    framing: str,
    *,
    stream: bool,
) -> None:
    upstream.set_script(always(SHORT))
    whole = ask(stream=stream, id=SHORT.model_dump_json())
    assert await outcome(provider, whole) == (TEXT, True)
    size = upstream.calls[0].bytes_sent
    limit = asyncio.Semaphore(AT_ONCE)

    async def cut_at(place: int) -> tuple[str, bool]:
        cut = Cut.model_validate({"after_bytes": place, "manner": manner})
        step = Step.model_validate(SHORT.model_dump() | {"mishap": cut, "framing": framing})
        async with limit:
            return await outcome(provider, ask(stream=stream, id=step.model_dump_json()))

    outcomes = await asyncio.gather(*(cut_at(place) for place in range(size)))
    assert all(TEXT.startswith(text) for text, _ in outcomes)
    assert all(text == TEXT for text, complete in outcomes if complete)
    completes = [complete for _, complete in outcomes]
    assert completes == sorted(completes), "once complete, complete at every later place"
    assert not completes[0]
    if not stream:
        assert not any(completes)


async def test_a_reset_at_some_bytes_is_never_taken_for_complete_before_the_finish(
    provider: HttpProvider, upstream: ScriptedUpstream, ask: Callable[..., UpstreamRequest]
) -> None:
    upstream.set_script(always(SHORT))
    assert await outcome(provider, ask(stream=True, id=SHORT.model_dump_json())) == (TEXT, True)
    for place in range(0, upstream.calls[0].bytes_sent, 23):
        step = SHORT.model_copy(update={"mishap": Cut(after_bytes=place, manner="reset")})
        text, complete = await outcome(provider, ask(stream=True, id=step.model_dump_json()))
        assert TEXT.startswith(text)
        assert not complete or text == TEXT
