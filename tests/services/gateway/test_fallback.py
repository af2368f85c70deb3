from typing import Any

import pytest

from services.gateway.config import ProviderName
from services.gateway.errors import (
    ChainExhaustedError,
    ConnectError,
    DeadlineExceededError,
    InvalidRequestError,
    MisconfiguredError,
    RateLimitedError,
    UpstreamStatusError,
)
from services.gateway.messages import Chunk, Operation, Stream
from tests.services.gateway.stand_ins import Flow, ScriptedProvider, build_world

OLLAMA, REMOTE, OPENAI = ProviderName.OLLAMA_LOCAL, ProviderName.REMOTE_GPU, ProviderName.OPENAI


def refused(status: int) -> UpstreamStatusError:
    return UpstreamStatusError("no", provider="p", upstream_status=status)


@pytest.mark.parametrize(
    "failure",
    [
        ConnectError("down", provider="p"),
        refused(500),
        refused(404),
        MisconfiguredError("key", provider="p", upstream_status=401),
        RateLimitedError("slow", provider="p", upstream_status=429),
    ],
)
async def test_the_next_provider_answers_whatever_failed_before(failure: Exception) -> None:
    world = build_world({OLLAMA: [ScriptedProvider("a", failure)], OPENAI: [ScriptedProvider("openai")]})

    assert (await world.ask()).provider == "openai"


async def test_a_request_that_every_provider_refuses_is_the_clients_to_mend_and_no_stub_hides_it() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("a", refused(400))], OPENAI: [ScriptedProvider("b", refused(422))]})

    with pytest.raises(InvalidRequestError):
        await world.ask()


async def test_the_stub_answers_marked_when_all_else_failed() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("a", refused(500))]})

    reply = await world.ask(stream=True)

    assert isinstance(reply, Stream)
    assert (reply.provider, reply.degraded) == ("local_stub", True)
    assert world.events.of("gateway.fallback")[0]["code"] == "upstream_status"


@pytest.mark.parametrize("fields", [{"stub": "refuse"}, {"chain": ["ollama_local"]}])
async def test_without_the_stub_the_answer_is_unavailable(fields: dict[str, Any]) -> None:
    limited = RateLimitedError("slow", provider="a", upstream_status=429, retry_after=9)
    world = build_world({OLLAMA: [ScriptedProvider("a", limited)]}, **fields)

    with pytest.raises(ChainExhaustedError) as caught:
        await world.ask()

    assert caught.value.causes == {"ollama_local": "upstream_rate_limited"}
    assert caught.value.retry_after == 9


async def test_embeddings_are_unavailable_rather_than_invented() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("a", refused(500))]})

    with pytest.raises(ChainExhaustedError):
        await world.ask(operation=Operation.EMBED, model="embeddings", messages=(), inputs=("a",))


async def test_nobody_is_asked_once_the_deadline_has_passed() -> None:
    openai = ScriptedProvider("openai")
    world = build_world({OLLAMA: [ScriptedProvider("a", refused(400))], OPENAI: [openai]})
    request = world.request()
    world.clock.advance(61)

    with pytest.raises(DeadlineExceededError):
        await world.pipeline.service(request)
    assert not openai.calls


async def test_a_stream_that_fails_before_content_falls_back() -> None:
    cut = ScriptedProvider("a", Flow([ConnectError("cut", provider="a")]))
    good = ScriptedProvider("openai", Flow([Chunk(text="x"), Chunk(finish_reason="stop")]))
    world = build_world({OLLAMA: [cut], OPENAI: [good]}, retry={"tries": 1})

    reply = await world.ask(stream=True)

    assert isinstance(reply, Stream)
    assert reply.provider == "openai"
    assert [chunk.text for chunk in [one async for one in reply.chunks]] == ["x", ""]
    assert cut.closed_streams == 1


async def test_paid_providers_are_never_called_while_they_are_off() -> None:
    openai = ScriptedProvider("openai")
    world = build_world({OLLAMA: [ScriptedProvider("a", refused(500))], OPENAI: [openai]}, paid=False)

    await world.ask()

    assert not openai.calls
