import pytest

from services.gateway.authenticate import OpenAuthenticator
from services.gateway.config import Endpoint, GatewayConfig, ProviderName, ProviderSettings, WireFormat
from services.gateway.errors import ConnectError
from services.gateway.pipeline import Pipeline, Providers
from services.gateway.providers.stub import StubProvider
from tests.services.gateway.stand_ins import (
    FrozenClock,
    RecordedEvents,
    ScriptedProvider,
    build_world,
    hello,
    tools,
)

REMOTE = ProviderName.REMOTE_GPU


async def test_endpoints_take_turns() -> None:
    three = [ScriptedProvider("remote_gpu") for _ in range(3)]
    world = build_world({REMOTE: three})

    for _ in range(6):
        await world.ask()

    assert [len(one.calls) for one in three] == [2, 2, 2]


async def test_an_endpoint_with_a_shut_gate_is_skipped() -> None:
    down = ScriptedProvider("remote_gpu", ConnectError("down", provider="remote_gpu"))
    good = ScriptedProvider("remote_gpu", hello("remote_gpu"))
    world = build_world({REMOTE: [down, good]}, retry={"minimum": 100})

    replies = [await world.ask() for _ in range(20)]

    assert {reply.provider for reply in replies} == {"remote_gpu"}
    assert len(down.calls) == 3


@pytest.mark.parametrize(("model", "served_by"), [("small", 0), ("large", 1)])
async def test_a_request_goes_where_its_model_is_served(model: str, served_by: int) -> None:
    endpoints = tuple(
        Endpoint(url=f"http://127.0.0.1:{port}", wire=WireFormat.OPENAI, models=(f"own-{name}",))
        for port, name in ((1, "small"), (2, "large"))
    )
    models = {name: {"providers": {"remote_gpu": f"own-{name}"}} for name in ("small", "large")}
    config = GatewayConfig.model_validate(
        {
            "auth": False,
            "providers": {REMOTE: ProviderSettings(endpoints=endpoints)},
            "models": models,
            "default_model": "small",
            "default_embedding_model": None,
        }
    )
    two = [ScriptedProvider("remote_gpu") for _ in range(2)]
    everything: Providers = {REMOTE: two, ProviderName.LOCAL_STUB: [StubProvider("local_stub")]}
    pipeline = Pipeline.build(config, OpenAuthenticator(), everything, tools(FrozenClock(), RecordedEvents()))

    request = build_world({}).request(model=model)
    for _ in range(2):
        await pipeline.service(request)

    assert [len(one.calls) for one in two] == [2 if index == served_by else 0 for index in range(2)]
