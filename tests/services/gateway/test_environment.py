import json
from pathlib import Path

import pytest

from services.gateway.config import ProviderName, WireFormat
from services.gateway.environment import GatewayConfigError, load_config

OPEN = {"FOREBAY_AUTH": "off"}


def test_every_variable_reaches_its_setting() -> None:
    config = load_config(
        {
            **OPEN,
            "RAY_SERVE_URL": "http://127.0.0.1:1/generate, http://127.0.0.1:2/llm/v1",
            "RAY_CLIENT_TIMEOUT": "11",
            "RAY_CLIENT_CONNECT_TIMEOUT": "1.5",
            "RAY_CLIENT_MAX_CONNECTIONS": "7",
            "RAY_CLIENT_MAX_KEEPALIVE": "3",
            "RAY_SCALING_STATUS_CODES": "503, 429",
            "RAY_SCALING_BACKOFF": "0.25",
            "RAY_MAX_SCALE_CYCLES": "2",
            "LLM_TIMEOUT_SECONDS": "9",
            "OPENAI_API_KEY": "sk",
            "OPENAI_BASE_URL": "http://127.0.0.1:3/v1",
            "ENABLE_PAID_API": "true",
        }
    )

    ray = config.ray
    assert (ray.timeout_seconds, ray.connect_seconds, ray.max_connections, ray.max_keepalive) == (11, 1.5, 7, 3)
    assert (ray.scaling_status_codes, ray.backoff_seconds, ray.max_scale_cycles) == ((503, 429), 0.25, 2)
    assert config.timeouts.attempt_seconds == 9
    endpoints = config.providers[ProviderName.REMOTE_GPU].endpoints
    assert [(one.address, one.wire, one.ray) for one in endpoints] == [
        ("http://127.0.0.1:1/generate", WireFormat.GENERATE, True),
        ("http://127.0.0.1:2/llm/v1", WireFormat.OPENAI, True),
    ]
    openai = config.providers[ProviderName.OPENAI]
    assert openai.read_api_key() == "sk"
    assert openai.endpoints[0].address == "http://127.0.0.1:3/v1"
    assert "sk" not in repr(config)


def test_the_default_aliases_are_those_of_the_source() -> None:
    providers = load_config(OPEN).models["default"].providers

    assert providers[ProviderName.OLLAMA_LOCAL] == "deepseek-r1:8b"
    assert providers[ProviderName.HUGGINGFACE] == "distilgpt2"
    assert providers[ProviderName.OPENAI] == "gpt-4o-mini"
    assert providers[ProviderName.ANTHROPIC] == "claude-3-5-haiku-20241022"


def test_the_environment_is_laid_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "gateway.json"
    file.write_text(json.dumps({"auth": False, "timeouts": {"attempt_seconds": 3, "gap_seconds": 4}}))

    config = load_config({"FOREBAY_GATEWAY_CONFIG": str(file), "LLM_TIMEOUT_SECONDS": "5"})

    assert (config.timeouts.attempt_seconds, config.timeouts.gap_seconds) == (5, 4)


def test_ray_switched_off_drops_the_files_ray_endpoints_alone(tmp_path: Path) -> None:
    file = tmp_path / "gateway.json"
    endpoints = [
        {"url": "http://127.0.0.1:1/v1", "wire": "openai", "ray": True},
        {"url": "http://127.0.0.1:2", "wire": "generate"},
    ]
    file.write_text(json.dumps({"auth": False, "providers": {"remote_gpu": {"endpoints": endpoints}}}))

    config = load_config({"FOREBAY_GATEWAY_CONFIG": str(file), "USE_RAY_SERVE": "false"})

    assert [one.address for one in config.providers[ProviderName.REMOTE_GPU].endpoints] == [
        "http://127.0.0.1:2/generate"
    ]


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"LLM_TIMEOUT_SECONDS": "soon"}, "LLM_TIMEOUT_SECONDS is 'soon'"),
        ({"LLM_TIMEOUT_SECONDS": "-1"}, "LLM_TIMEOUT_SECONDS is '-1': Input should be greater than 0"),
        ({"ENABLE_PAID_API": "maybe"}, "ENABLE_PAID_API is 'maybe': must be true or false"),
        ({"RAY_SCALING_STATUS_CODES": "503,2"}, "RAY_SCALING_STATUS_CODES is '2'"),
        ({"OLLAMA_BASE_URL": "ftp://x"}, "OLLAMA_BASE_URL is 'ftp://x': must be an http:// or https:// address"),
        ({"GPU_REMOTE_URL": "http://gpu.example"}, "must use https, or its host be named in plain_http_hosts"),
        ({"OLLAMA_BASE_URL": "http://user:secret@127.0.0.1"}, "must hold no user, password"),
        ({"FOREBAY_LISTEN": "8000"}, "FOREBAY_LISTEN is '8000': must be HOST:PORT"),
        ({"FOREBAY_LISTEN": "0.0.0.0:8000"}, "auth is off, which is allowed on loopback only"),
        ({"FOREBAY_AUTH": "on"}, "auth is on, which needs state_store and pepper_file"),
        ({"FOREBAY_STATE_STORE_URL": "redis://:pw@127.0.0.1"}, "must hold no password"),
        ({"FOREBAY_GATEWAY_CONFIG": "/nowhere.json"}, "FOREBAY_GATEWAY_CONFIG names '/nowhere.json'"),
    ],
)
def test_a_bad_value_is_one_sentence_that_names_its_variable(environment: dict[str, str], says: str) -> None:
    with pytest.raises(GatewayConfigError) as caught:
        load_config({**OPEN, **environment})

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_named_host_may_be_called_without_tls() -> None:
    environment = {**OPEN, "RAY_SERVE_URL": "http://ray-head.prod.svc:8000/generate"}

    config = load_config({**environment, "FOREBAY_PLAIN_HTTP_HOSTS": ".svc"})

    assert ProviderName.REMOTE_GPU in config.providers


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ('{"auth": false, "colour": 1}', "colour is 1: Extra inputs are not permitted"),
        ('{"auth": false, "chain": ["openai"]}', "chain names 'openai', which is not configured"),
        ('{"auth": false, "default_model": "x"}', "default_model is 'x', which is not among models"),
        ("[]", "must hold a JSON object"),
        ("{", "is not JSON"),
    ],
)
def test_a_bad_file_is_one_sentence(tmp_path: Path, document: str, says: str) -> None:
    file = tmp_path / "gateway.json"
    file.write_text(document)

    with pytest.raises(GatewayConfigError) as caught:
        load_config({"FOREBAY_GATEWAY_CONFIG": str(file)})

    assert says in str(caught.value)
