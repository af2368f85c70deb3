from typing import Any

from services.gateway.config import ProviderName
from services.gateway.errors import ConnectError, ScalingError
from services.gateway.messages import Answer
from tests.services.gateway.stand_ins import ScriptedProvider, World, build_world, hello

REMOTE, OLLAMA = ProviderName.REMOTE_GPU, ProviderName.OLLAMA_LOCAL
SCALING = ScalingError("starting", provider="remote_gpu", upstream_status=503)


def world_of(*rays: ScriptedProvider, fields: dict[str, Any] | None = None) -> World:
    providers = {REMOTE: rays, OLLAMA: [ScriptedProvider("ollama_local")]}
    return build_world(providers, ray_first=True, **(fields or {}))


async def test_waits_double_between_cycles_and_an_answer_ends_them() -> None:
    ray = ScriptedProvider("remote_gpu", SCALING, SCALING, SCALING, hello("remote_gpu"))
    world = world_of(ray)

    reply = await world.ask()

    assert reply.provider == "remote_gpu"
    assert world.clock.slept == [0.5, 1.0, 2.0]
    assert world.events.names().count("llm.ray.backoff.started") == 3
    assert "llm.ray.backoff.recovered" in world.events.names()


async def test_the_wait_is_a_random_share_of_the_ceiling() -> None:
    ray = ScriptedProvider("remote_gpu", SCALING, hello("remote_gpu"))
    world = world_of(ray, fields={"ray": {"backoff_seconds": 4}})

    await world.ask()

    assert world.clock.slept == [4.0]


async def test_endpoints_are_rotated_within_a_cycle_without_waiting() -> None:
    first, second = ScriptedProvider("remote_gpu", SCALING), ScriptedProvider("remote_gpu", hello("remote_gpu"))
    world = world_of(first, second)

    assert (await world.ask()).provider == "remote_gpu"
    assert (len(first.calls), len(second.calls)) == (1, 1)
    assert [seconds for seconds in world.clock.slept if seconds] == []


async def test_spent_cycles_move_on_and_count_as_one_failure() -> None:
    ray = ScriptedProvider("remote_gpu", SCALING)
    world = world_of(ray, fields={"ray": {"max_scale_cycles": 1}, "retry": {"minimum": 100}})
    (endpoint,) = [one for one in world.pipeline.endpoints if one.provider is REMOTE]

    for _ in range(2):
        assert (await world.ask()).provider == "ollama_local"
    assert len(ray.calls) == 4
    assert endpoint.breaker.state.value == "closed"
    await world.ask()

    assert endpoint.breaker.state.value == "open"
    assert "llm.ray.backoff.exhausted" in world.events.names()
    assert world.events.of("llm.ray.request.failure")[0]["code"] == "upstream_scaling"


async def test_cycles_leave_one_call_for_each_later_provider() -> None:
    ray = ScriptedProvider("remote_gpu", SCALING)
    ollama = ScriptedProvider("ollama_local", ConnectError("down", provider="ollama_local"))
    hosted = ScriptedProvider("huggingface", Answer("huggingface", "own", "x", "stop"))
    world = build_world(
        {REMOTE: [ray], OLLAMA: [ollama], ProviderName.HUGGINGFACE: [hosted]},
        ray_first=True,
        retry={"minimum": 100, "tries": 6},
        chain=["remote_gpu", "ollama_local", "huggingface", "local_stub"],
    )

    reply = await world.ask()

    assert reply.provider == "huggingface"
    assert (len(ray.calls), len(ollama.calls), len(hosted.calls)) == (4, 1, 1)


async def test_cycles_draw_on_the_retry_budget() -> None:
    ray = ScriptedProvider("remote_gpu", SCALING)
    world = world_of(ray)

    for _ in range(5):
        await world.ask()

    assert len(ray.calls) <= 5 + 3
