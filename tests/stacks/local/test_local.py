import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from infra.local.folder import StackFolder
from infra.local.machine import Machine
from infra.local.parts.gateway import GatewayArgs, gateway_config
from infra.local.stack import LocalStackArgs
from services.gateway.config import GatewayConfig, ProviderName
from stacks.local import local_stack_args
from stacks.settings import StackSettings, from_mapping, load

_BARE = Machine(ollama_url=None, ollama_binary=None, ollama_models="/models")
_WITH_OLLAMA = Machine(ollama_url=None, ollama_binary="/usr/bin/ollama", ollama_models="/models")
_WITH_RUNNING_OLLAMA = Machine(ollama_url="http://127.0.0.1:11434", ollama_binary="/usr/bin/ollama", ollama_models="/m")
_FOLDER = StackFolder(Path("/checkout/.forebay/local"))


def _settings(project: Path, name: str = "local", **gateway: Any) -> StackSettings:  # noqa: ANN401 - any setting
    settings = load(project / "stacks" / f"Pulumi.{name}.yaml").with_target("local").model_dump(mode="json")
    settings["gateway"].update(gateway)
    return from_mapping(settings)


def _gateway(args: LocalStackArgs) -> GatewayConfig:
    one = GatewayArgs(args.folder, args.ports, args.policy, args.provider_secrets, "blue", 0)
    return gateway_config(one)


@pytest.mark.parametrize("name", ["local", "dev", "staging", "prod"])
def test_every_stacks_settings_can_be_rehearsed_and_rays_schema_takes_them(
    project: Path, name: str, tmp_path: Path
) -> None:
    args = local_stack_args(_settings(project, name), _FOLDER, _BARE)

    file = tmp_path / "serve.json"
    file.write_text(json.dumps(args.serve_configuration))
    # Ray warns as it is imported, so it is asked in a process of its own.
    done = subprocess.run(
        [sys.executable, "-m", "services.serving.validate", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert _gateway(args).listen.host == "127.0.0.1"


def test_every_alias_of_ray_serve_is_served_by_an_endpoint(project: Path) -> None:
    for name in ("local", "dev", "staging", "prod"):
        config = _gateway(local_stack_args(_settings(project, name), _FOLDER, _BARE))
        endpoints = config.providers[ProviderName.REMOTE_GPU].endpoints
        wanted = [
            model.providers[ProviderName.REMOTE_GPU]
            for model in config.models.values()
            if ProviderName.REMOTE_GPU in model.providers
        ]

        assert wanted
        assert [model for model in wanted if not any(endpoint.serves(model) for endpoint in endpoints)] == []


def test_a_rehearsed_language_model_answers_under_a_name_that_says_so(project: Path) -> None:
    config = _gateway(local_stack_args(_settings(project, "prod"), _FOLDER, _BARE))

    models = [
        model for endpoint in config.providers[ProviderName.REMOTE_GPU].endpoints for model in endpoint.models or ()
    ]

    assert any(model.startswith("sim-") for model in models)


def test_ray_serve_leads_and_the_stub_comes_last(project: Path) -> None:
    config = _gateway(local_stack_args(_settings(project), _FOLDER, _WITH_OLLAMA))

    assert config.chain == (ProviderName.REMOTE_GPU, ProviderName.OLLAMA_LOCAL, ProviderName.LOCAL_STUB)


def test_without_an_ollama_the_chain_has_none(project: Path) -> None:
    args = local_stack_args(_settings(project), _FOLDER, _BARE)

    assert args.ollama is None
    assert _gateway(args).chain == (ProviderName.REMOTE_GPU, ProviderName.LOCAL_STUB)


def test_an_ollama_on_path_is_started_on_a_port_of_the_stack(project: Path) -> None:
    args = local_stack_args(_settings(project), _FOLDER, _WITH_OLLAMA)

    assert args.ollama is not None
    assert args.ollama.binary == "/usr/bin/ollama"
    assert args.ollama.settings["OLLAMA_NUM_PARALLEL"] == "2"
    [endpoint] = _gateway(args).providers[ProviderName.OLLAMA_LOCAL].endpoints
    assert endpoint.url == f"http://127.0.0.1:{args.ports.ollama}"


def test_an_ollama_that_runs_already_is_used_and_not_started(project: Path) -> None:
    args = local_stack_args(_settings(project), _FOLDER, _WITH_RUNNING_OLLAMA)

    assert args.ollama is None
    [endpoint] = _gateway(args).providers[ProviderName.OLLAMA_LOCAL].endpoints
    assert endpoint.url == "http://127.0.0.1:11434"


def test_a_hosted_providers_key_is_a_file_and_in_no_configuration(project: Path) -> None:
    settings = _settings(project, hosted={"huggingface": {"api_key": "env:HF"}})

    args = local_stack_args(settings, _FOLDER, _BARE)

    assert args.provider_secrets == {"HUGGINGFACE_API_KEY": "/checkout/.forebay/local/secrets/huggingface_api_key"}
    assert ProviderName.HUGGINGFACE in _gateway(args).providers


def test_the_gateways_timeouts_are_those_of_the_settings(project: Path) -> None:
    settings = _settings(project, timeouts={"connect": "500ms", "attempt": "9s", "gap": "8s", "total": "40s"})

    timeouts = _gateway(local_stack_args(settings, _FOLDER, _BARE)).timeouts

    assert (timeouts.connect_seconds, timeouts.attempt_seconds) == (0.5, 9)
    assert (timeouts.gap_seconds, timeouts.request_seconds) == (8, 40)


def test_equal_settings_give_equal_arguments_whatever_the_order_of_their_keys(project: Path) -> None:
    settings = _settings(project).model_dump(mode="json")
    turned = dict(reversed([(key, _turned(value)) for key, value in settings.items()]))

    one, other = (local_stack_args(from_mapping(each), _FOLDER, _BARE) for each in (settings, turned))

    assert _gateway(one).model_dump_json() == _gateway(other).model_dump_json()
    assert one.serve_configuration == other.serve_configuration


def _turned(value: object) -> object:
    return dict(reversed(list(value.items()))) if isinstance(value, dict) else value
