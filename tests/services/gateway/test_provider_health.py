from services.gateway.config import ProviderName
from services.gateway.errors import ConnectError, MisconfiguredError
from services.gateway.messages import Answer
from services.gateway.provider_health import provider_health
from tests.services.gateway.stand_ins import ScriptedProvider, World, build_world

OLLAMA, REMOTE, OPENAI = ProviderName.OLLAMA_LOCAL, ProviderName.REMOTE_GPU, ProviderName.OPENAI
DOWN = ConnectError("ollama_local cannot be reached", provider="ollama_local")


def health(world: World) -> dict[str, object]:
    return provider_health(world.pipeline, world.clock)


async def test_the_shape_is_that_of_the_source() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", DOWN)], REMOTE: [ScriptedProvider("remote_gpu")]})
    for _ in range(4):
        await world.ask()

    assert health(world) == {
        "status": "healthy",
        "timestamp": "2023-11-14T22:30:00Z",
        "gpu_providers": {
            "providers": {
                "ollama_local": {
                    "status": "circuit_open",
                    "last_check": "2023-11-14T22:30:00Z",
                    "latency_ms": 0,
                    "error_count": 3,
                    "success_count": 0,
                    "circuit_open_until": "2023-11-14T22:30:10Z",
                    "last_error": "ollama_local cannot be reached",
                },
                "remote_gpu": {
                    "status": "healthy",
                    "last_check": "2023-11-14T22:30:00Z",
                    "latency_ms": 0,
                    "error_count": 0,
                    "success_count": 4,
                    "circuit_open_until": None,
                    "last_error": None,
                },
            },
            "available_providers": ["remote_gpu", "local_stub"],
        },
    }


async def test_nothing_but_the_stub_is_degraded_and_nothing_asked_yet_is_unknown() -> None:
    assert health(build_world({}))["status"] == "degraded"
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local")]})
    assert world.pipeline.endpoints[0].stats.last_check is None
    assert "unknown" in str(health(world))


async def test_a_refused_key_is_shown_as_misconfigured_until_it_is_mended() -> None:
    refused = MisconfiguredError("openai refused the key", provider="openai", upstream_status=401)
    provider = ScriptedProvider("openai", refused, Answer("openai", "m", "x", "stop"))
    world = build_world({OPENAI: [provider]})

    await world.ask()
    assert "misconfigured" in str(health(world))
    await world.ask()
    assert "misconfigured" not in str(health(world))
