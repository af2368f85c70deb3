from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from pydantic import SecretStr

from loadtests.instruments.scripted_upstream import ScriptedUpstream, Step, always
from services.gateway.clock import SystemClock
from services.gateway.config import Endpoint, GatewayConfig, ProviderName, ProviderSettings, RaySettings, WireFormat
from services.gateway.errors import ScalingError, UpstreamStatusError
from services.gateway.messages import Answer
from services.gateway.providers.factory import ProviderKeyError, build_providers
from services.gateway.providers.provider import UpstreamRequest

Ask = Callable[..., UpstreamRequest]


def config_of(
    name: ProviderName, endpoints: Sequence[Endpoint], *, key: str | None = None, key_file: Path | None = None
) -> GatewayConfig:
    settings = ProviderSettings(
        endpoints=tuple(endpoints), api_key=None if key is None else SecretStr(key), api_key_file=key_file
    )
    return GatewayConfig(
        auth=False, paid=True, providers={name: settings}, ray=RaySettings(scaling_status_codes=(409,))
    )


@pytest.mark.parametrize(
    ("name", "wire", "path"),
    [
        (ProviderName.OLLAMA_LOCAL, WireFormat.OLLAMA, "/api/chat"),
        (ProviderName.REMOTE_GPU, WireFormat.OPENAI, "/v1/chat/completions"),
        (ProviderName.REMOTE_GPU, WireFormat.GENERATE, "/generate"),
        (ProviderName.HUGGINGFACE, WireFormat.HUGGINGFACE, "/models/m"),
        (ProviderName.OPENAI, WireFormat.OPENAI, "/v1/chat/completions"),
        (ProviderName.ANTHROPIC, WireFormat.ANTHROPIC, "/v1/messages"),
    ],
)
async def test_each_wire_format_is_built_with_its_key(
    upstream: ScriptedUpstream, ask: Ask, name: ProviderName, wire: WireFormat, path: str
) -> None:
    config = config_of(name, [Endpoint(url=upstream.url, wire=wire)], key="canary")
    built = build_providers(config, SystemClock())
    (provider,) = built[name]
    reply = await provider.send(ask())
    await provider.aclose()
    assert isinstance(reply, Answer)
    assert reply.provider == provider.name == name.value
    (call,) = upstream.calls
    assert call.path == path
    assert call.headers.keys() & {"authorization", "x-api-key"}


def test_each_endpoint_has_its_own_provider_and_the_stub_is_always_there() -> None:
    endpoints = [Endpoint(url=f"http://127.0.0.1:{port}", wire=WireFormat.OPENAI) for port in (1, 2, 3)]
    built = build_providers(config_of(ProviderName.REMOTE_GPU, endpoints), SystemClock())
    assert {name: len(providers) for name, providers in built.items()} == {
        ProviderName.REMOTE_GPU: 3,
        ProviderName.LOCAL_STUB: 1,
    }
    assert len(set(map(id, built[ProviderName.REMOTE_GPU]))) == 3


@pytest.mark.parametrize(("ray", "kind"), [(True, ScalingError), (False, UpstreamStatusError)])
async def test_scaling_codes_hold_for_ray_endpoints_alone(
    upstream: ScriptedUpstream, ask: Ask, *, ray: bool, kind: type[UpstreamStatusError]
) -> None:
    upstream.set_script(always(Step(status=409)))
    endpoint = Endpoint(url=upstream.url, wire=WireFormat.OPENAI, ray=ray)
    (provider,) = build_providers(config_of(ProviderName.REMOTE_GPU, [endpoint]), SystemClock())[
        ProviderName.REMOTE_GPU
    ]
    with pytest.raises(UpstreamStatusError) as caught:
        await provider.send(ask())
    await provider.aclose()
    assert type(caught.value) is kind


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(tmp_path: Path) -> None:
    endpoint = Endpoint(url="https://api.example", wire=WireFormat.ANTHROPIC)
    path = tmp_path / "key"
    path.write_text("canary\nx-evil: 1")
    for config in (
        config_of(ProviderName.ANTHROPIC, [endpoint], key_file=path),
        config_of(ProviderName.ANTHROPIC, [endpoint], key="canary\r"),
    ):
        with pytest.raises(ProviderKeyError, match="anthropic") as caught:
            build_providers(config, SystemClock())
        assert "canary" not in str(caught.value)


def test_a_key_file_that_is_missing_is_named_by_its_provider(tmp_path: Path) -> None:
    endpoint = Endpoint(url="https://api.example", wire=WireFormat.OPENAI)
    with pytest.raises(ProviderKeyError, match="openai: its api_key_file"):
        build_providers(config_of(ProviderName.OPENAI, [endpoint], key_file=tmp_path / "none"), SystemClock())
