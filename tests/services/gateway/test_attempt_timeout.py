import asyncio

import pytest

from services.gateway.config import ProviderName
from services.gateway.deadline import Deadline
from services.gateway.errors import (
    ChainExhaustedError,
    DeadlineExceededError,
    StreamCutError,
    UpstreamTimeoutError,
)
from services.gateway.messages import Chunk, Stream
from tests.services.gateway.stand_ins import Flow, ScriptedProvider, Stall, World, build_world

OLLAMA = ProviderName.OLLAMA_LOCAL
QUICK = {"attempt_seconds": 0.02, "gap_seconds": 0.02}


def world_of(provider: ScriptedProvider) -> World:
    return build_world({OLLAMA: [provider]}, timeouts=QUICK, retry={"tries": 1}, stub="refuse")


async def test_an_attempt_that_takes_too_long_is_cancelled_and_counted() -> None:
    stall = Stall()
    world = world_of(ScriptedProvider("ollama_local", stall))

    with pytest.raises(ChainExhaustedError) as caught:
        await world.ask()

    assert caught.value.causes == {"ollama_local": "upstream_timeout"}
    assert stall.cancelled
    assert world.pipeline.endpoints[0].stats.error_count == 1


async def test_a_stream_without_content_in_time_is_no_stream() -> None:
    provider = ScriptedProvider("ollama_local", Flow([asyncio.Event()]))
    world = world_of(provider)

    with pytest.raises(ChainExhaustedError) as caught:
        await world.ask(stream=True)

    assert caught.value.causes == {"ollama_local": "upstream_timeout"}
    assert provider.closed_streams == 1


async def test_a_stream_goes_up_only_once_its_first_content_is_there() -> None:
    content = asyncio.Event()
    provider = ScriptedProvider("ollama_local", Flow([content, Chunk(text="a"), Chunk(finish_reason="stop")]))
    world = build_world({OLLAMA: [provider]})

    asking = asyncio.ensure_future(world.ask(stream=True))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not asking.done()
    content.set()

    reply = await asking
    assert isinstance(reply, Stream)
    assert [chunk.text async for chunk in reply.chunks] == ["a", ""]


async def test_a_gap_in_a_stream_ends_it_with_an_error_and_counts_as_a_failure() -> None:
    provider = ScriptedProvider("ollama_local", Flow([Chunk(text="a"), asyncio.Event()]))
    world = world_of(provider)
    reply = await world.ask(stream=True)
    assert isinstance(reply, Stream)

    with pytest.raises(UpstreamTimeoutError) as caught:
        [chunk async for chunk in reply.chunks]
    await reply.aclose()

    assert caught.value.phase == "gap"
    assert world.pipeline.endpoints[0].stats.error_count == 1
    assert provider.closed_streams == 1


async def test_a_stream_that_ends_without_a_finish_reason_is_cut() -> None:
    world = world_of(ScriptedProvider("ollama_local", Flow([Chunk(text="a")])))
    reply = await world.ask(stream=True)
    assert isinstance(reply, Stream)

    with pytest.raises(StreamCutError):
        [chunk async for chunk in reply.chunks]


async def test_the_requests_deadline_is_no_failure_of_the_provider() -> None:
    world = world_of(ScriptedProvider("ollama_local", Stall()))

    with pytest.raises(DeadlineExceededError):
        await world.ask(deadline=Deadline.after(world.clock.now(), 0.01))

    assert world.pipeline.endpoints[0].stats.error_count == 0


async def test_the_deadline_also_bounds_a_stream() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", Flow([Chunk(text="a"), asyncio.Event()]))]})
    reply = await world.ask(stream=True, deadline=Deadline.after(world.clock.now(), 0.05))
    assert isinstance(reply, Stream)

    with pytest.raises(DeadlineExceededError):
        [chunk async for chunk in reply.chunks]


async def test_a_stream_closed_by_its_reader_says_nothing_about_the_provider() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", Flow([Chunk(text="a"), asyncio.Event()]))]})
    reply = await world.ask(stream=True)
    assert isinstance(reply, Stream)
    await anext(reply.chunks)
    await reply.aclose()

    stats = world.pipeline.endpoints[0].stats
    assert (stats.success_count, stats.error_count, stats.in_flight) == (0, 0, 0)
    assert world.events.of("gateway.request")[0]["outcome"] == "cancelled"
