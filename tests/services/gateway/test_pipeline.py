import asyncio
import itertools

import pytest

from services.gateway.breaker.breaker import BreakerState
from services.gateway.config import ProviderName
from services.gateway.errors import ConnectError, RateLimitedError, ScalingError, StreamCutError, UpstreamStatusError
from services.gateway.messages import Answer, Chunk, Operation, Stream
from services.gateway.pipeline import endpoint_path, provider_path, request_path
from services.gateway.service import Layer, Role, Service
from tests.services.gateway.stand_ins import Flow, ScriptedProvider, Stall, build_world, embedding

OLLAMA, REMOTE, OPENAI = ProviderName.OLLAMA_LOCAL, ProviderName.REMOTE_GPU, ProviderName.OPENAI


def _layer(service: Service) -> Service:
    return service


def test_the_order_of_the_layers() -> None:
    world = build_world({})
    layer: Layer = _layer
    whole = (
        *request_path(world.config, world.authenticator, world.tools),
        *provider_path(layer),
        *endpoint_path(layer, layer, layer),
    )

    assert [step.role for step in whole] == [
        Role.LOG,
        Role.ERROR_MAP,
        Role.DEADLINE,
        Role.AUTHENTICATE,
        Role.VALIDATE,
        Role.RETRY,
        Role.STATS,
        Role.BREAKER,
        Role.ATTEMPT_TIMEOUT,
    ]


def test_the_places_are_those_of_the_design() -> None:
    assert [role.name.lower() for role in Role] == [
        "log",
        "error_map",
        "deadline",
        "authenticate",
        "validate",
        "rate_limit",
        "cache",
        "admission",
        "route",
        "fallback",
        "retry",
        "balance",
        "stats",
        "breaker",
        "batch",
        "attempt_timeout",
        "provider",
    ]


async def test_each_provider_is_asked_for_its_own_name_of_the_model() -> None:
    ollama = ScriptedProvider("ollama_local", ConnectError("down", provider="ollama_local"))
    openai = ScriptedProvider("openai")
    world = build_world({OLLAMA: [ollama], OPENAI: [openai]})

    reply = await world.ask()

    assert isinstance(reply, Answer)
    assert reply.provider == "openai"
    assert {call.model for call in ollama.calls} == {"deepseek-r1:8b"}
    assert [call.model for call in openai.calls] == ["gpt-4o-mini"]


async def test_a_breaker_spares_the_failing_provider_and_one_probe_brings_it_back() -> None:
    down = ConnectError("down", provider="ollama_local")
    ollama, openai = ScriptedProvider("ollama_local", down), ScriptedProvider("openai")
    world = build_world({OLLAMA: [ollama], OPENAI: [openai]})
    for _ in range(10):
        await world.ask()
    assert len(ollama.calls) == 3

    ollama.outcomes = [Answer("ollama_local", "own", "back", "stop")]
    assert (await world.ask()).provider == "openai"
    world.clock.advance(10)
    assert (await world.ask()).provider == "ollama_local"
    assert len(ollama.calls) == 4


async def test_the_last_live_endpoint_is_asked_for_ever_while_only_the_stub_is_left() -> None:
    ollama = ScriptedProvider("ollama_local", ConnectError("down", provider="ollama_local"))
    world = build_world({OLLAMA: [ollama]}, retry={"tries": 1})

    replies = [await world.ask() for _ in range(10)]

    assert len(ollama.calls) == 10
    assert world.pipeline.endpoints[0].breaker.state is BreakerState.CLOSED
    assert {(reply.provider, reply.degraded) for reply in replies} == {("local_stub", True)}


async def test_a_stream_is_judged_at_the_end_of_its_body() -> None:
    cut = Flow([Chunk(text="x"), StreamCutError("cut", provider="ollama_local")])
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", cut)], OPENAI: [ScriptedProvider("openai")]})
    breaker = world.pipeline.endpoints[0].breaker

    for _ in range(3):
        assert breaker.state is BreakerState.CLOSED
        reply = await world.ask(stream=True)
        assert isinstance(reply, Stream)
        with pytest.raises(StreamCutError):
            [chunk async for chunk in reply.chunks]
        await reply.aclose()

    assert breaker.state is BreakerState.OPEN


async def test_streams_that_their_clients_leave_say_nothing_about_the_endpoint() -> None:
    flow = Flow([Chunk(text="x"), asyncio.Event()])
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", flow)], OPENAI: [ScriptedProvider("openai")]})
    endpoint = world.pipeline.endpoints[0]

    for _ in range(5):
        reply = await world.ask(stream=True)
        assert isinstance(reply, Stream)
        await anext(reply.chunks)
        await reply.aclose()

    assert endpoint.breaker.state is BreakerState.CLOSED
    assert (endpoint.stats.in_flight, endpoint.stats.error_count, endpoint.stats.success_count) == (0, 0, 0)


async def test_an_endpoint_that_another_models_failures_shut_still_serves_where_it_is_the_last() -> None:
    ollama = ScriptedProvider("ollama_local", ConnectError("down", provider="ollama_local"))
    models = {
        "default": {"providers": {"ollama_local": "a", "huggingface": "b"}},
        "alone": {"providers": {"ollama_local": "c"}},
    }
    hosted = ScriptedProvider("huggingface")
    world = build_world(
        {OLLAMA: [ollama], ProviderName.HUGGINGFACE: [hosted]}, models=models, default_embedding_model=None
    )
    for _ in range(3):
        await world.ask()
    ollama.outcomes = [Answer("ollama_local", "own", "back", "stop")]

    assert (await world.ask(model="alone")).provider == "ollama_local"


async def test_a_provider_that_says_when_is_left_alone_until_then() -> None:
    limited = RateLimitedError("slow down", provider="openai", upstream_status=429, retry_after=20)
    openai = ScriptedProvider("openai", limited)
    world = build_world({OPENAI: [openai]})
    for _ in range(5):
        await world.ask()
    assert len(openai.calls) == 1

    world.clock.advance(20)
    await world.ask()
    assert len(openai.calls) == 2


async def test_no_request_makes_more_than_six_upstream_calls() -> None:
    error = UpstreamStatusError("bad", provider="p", upstream_status=500)
    scripted: dict[ProviderName, list[ScriptedProvider]] = {
        name: [ScriptedProvider(name.value, error)] for name in ProviderName if name is not ProviderName.LOCAL_STUB
    }
    world = build_world(scripted, retry={"tries": 6, "minimum": 100})

    await world.ask()

    counts = [len(providers[0].calls) for providers in scripted.values()]
    assert sum(counts) == 6
    assert min(counts) == 1


@pytest.mark.parametrize("ray_first", [True, False])
@pytest.mark.parametrize("stream", [True, False])
async def test_no_mixture_of_failures_over_ten_endpoints_makes_more_than_six_upstream_calls(
    *, ray_first: bool, stream: bool
) -> None:
    names = [name for name in ProviderName if name is not ProviderName.LOCAL_STUB]
    for statuses in itertools.product((503, 409, 500), repeat=len(names)):
        scripted: dict[ProviderName, list[ScriptedProvider]] = {
            name: [ScriptedProvider(name.value, failing(status, ray=ray_first and name is REMOTE)) for _ in range(2)]
            for name, status in zip(names, statuses, strict=True)
        }
        retry, ray = {"tries": 6, "minimum": 100}, {"max_scale_cycles": 6}
        world = build_world(scripted, ray_first=ray_first, retry=retry, ray=ray)

        assert (await world.ask(stream=stream)).degraded

        counts = [sum(len(one.calls) for one in two) for two in scripted.values()]
        # 409 is a refusal, which only a Ray endpoint's back-off repeats.
        repeats = any(status != 409 for status in statuses) or ray_first
        assert (sum(counts), min(counts)) == (6 if repeats else 5, 1), statuses


def failing(status: int, *, ray: bool) -> UpstreamStatusError:
    kind = ScalingError if ray and status != 500 else UpstreamStatusError
    return kind("no", provider="p", upstream_status=status)


async def test_fifty_requests_at_half_open_send_exactly_one_probe() -> None:
    ollama = ScriptedProvider("ollama_local", ConnectError("down", provider="ollama_local"))
    world = build_world({OLLAMA: [ollama], OPENAI: [ScriptedProvider("openai")]}, retry={"tries": 1})
    for _ in range(3):
        await world.ask()
    stall = Stall()
    ollama.outcomes = [stall]
    world.clock.advance(10)

    fifty = [asyncio.create_task(world.ask()) for _ in range(50)]
    done, waiting = await asyncio.wait(fifty, timeout=5, return_when=asyncio.FIRST_COMPLETED)
    while len(waiting) > 1:
        more, waiting = await asyncio.wait(waiting, timeout=5, return_when=asyncio.FIRST_COMPLETED)
        done |= more
    probes = len(ollama.calls) - 3
    stall.release.set()

    assert probes == 1
    assert {task.result().provider for task in done} == {"openai"}
    assert (await waiting.pop()).provider == "ollama_local"


async def test_embeddings_go_to_providers_that_have_them_and_never_to_the_stub() -> None:
    ollama = ScriptedProvider("ollama_local", embedding("ollama_local"))
    world = build_world({OLLAMA: [ollama]})

    reply = await world.ask(operation=Operation.EMBED, model="embeddings", messages=(), inputs=("a",))

    assert reply.provider == "ollama_local"
    assert ollama.calls[0].model == "nomic-embed-text"


async def test_an_importable_pipeline_logs_the_request_without_its_words() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local")]})

    await world.ask()

    (line,) = world.events.of("gateway.request")
    assert line["provider"] == "ollama_local"
    assert line["upstream_calls"] == 1
    assert "hi" not in str(line.values())
