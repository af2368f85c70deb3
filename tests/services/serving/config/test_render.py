import json
from typing import Any

import pytest

from services.serving.config.application import APPLICATIONS, Application
from services.serving.config.render import LLM_IMPORT_PATH, ServeSettings, canonical, deployment_id, render

SERVE = ServeSettings(port=18110)
CHAT = {"kind": "simulated-llm", "name": "chat", "route_prefix": "/chat"}
VECTORS = {"kind": "embeddings", "name": "embeddings", "route_prefix": "/embeddings"}
LABELS = {
    "kind": "classifier",
    "name": "classifier",
    "route_prefix": "/classifier",
    "args": {"examples": {"yes": ["agreed"], "no": ["refused"]}},
}
LLM = {
    "kind": "llm",
    "name": "llm",
    "route_prefix": "/llm",
    "model": "qwen-7b",
    "source": "Qwen/Qwen2.5-7B-Instruct",
    "accelerator_type": "A10G",
    "engine": {"max_model_len": 8192},
    "replicas": {"min_replicas": 0, "max_replicas": 3},
}
CUSTOM = {
    "kind": "custom",
    "name": "own",
    "route_prefix": "/own",
    "model": "own-model",
    "import_path": "acme.models:build",
    "deployment": "Own",
    "args": {"size": 3},
    "labels": {"forebay/pool": "spot"},
}


def applications(*raw: dict[str, Any]) -> tuple[Application, ...]:
    return APPLICATIONS.validate_python(raw)


def only(raw: dict[str, Any]) -> dict[str, Any]:
    rendered: Any = render(applications(raw), SERVE)
    application: dict[str, Any] = rendered["applications"][0]
    return application


def test_the_same_input_gives_the_same_bytes_in_any_order() -> None:
    one = render(applications(CHAT, VECTORS, LABELS), SERVE)
    other = render(applications(LABELS, CHAT, VECTORS), SERVE)
    assert canonical(one) == canonical(other)
    assert json.loads(canonical(one)) == one


def test_serve_listens_where_it_is_told() -> None:
    rendered = render(applications(CHAT), SERVE)
    assert rendered["http_options"] == {"host": "127.0.0.1", "port": 18110, "keep_alive_timeout_s": 90}
    assert rendered["proxy_location"] == "HeadOnly"


@pytest.mark.parametrize(
    "change",
    [
        {"args": {"filler_tokens": 9}},
        {"args": {"model": "sim-other"}},
        {"route_prefix": "/other"},
        {"num_cpus": 0.2},
        {"max_ongoing_requests": 7},
        {"labels": {"pool": "spot"}},
    ],
)
def test_any_change_of_content_changes_the_deployment_id(change: dict[str, Any]) -> None:
    before, after = applications(CHAT)[0], applications(CHAT | change)[0]
    assert deployment_id(before) != deployment_id(after)


@pytest.mark.parametrize("raw", [CHAT, VECTORS, LABELS, LLM, CUSTOM])
def test_defaults_written_out_give_the_same_deployment_id(raw: dict[str, Any]) -> None:
    (application,) = applications(raw)
    written_out = json.loads(application.model_dump_json())
    assert deployment_id(*applications(written_out)) == deployment_id(application)


def test_scaling_keeps_the_deployment_id_so_that_no_replica_restarts() -> None:
    before, after = only(CHAT), only(CHAT | {"replicas": 5})
    assert before["deployments"][0].pop("num_replicas") == 2
    assert after["deployments"][0].pop("num_replicas") == 5
    assert before == after


def test_the_deployment_id_is_the_model_and_ten_hex_digits_and_names_no_resource() -> None:
    application = only(CHAT)
    identity = application["deployments"][0]["user_config"]["deployment_id"]
    prefix, _, digits = identity.rpartition("-")
    assert prefix == "sim-small"
    assert len(digits) == 10
    assert int(digits, 16) >= 0
    assert identity not in (application["name"], application["route_prefix"], application["deployments"][0]["name"])


def test_a_real_model_is_named_by_import_path_with_its_scale_in_its_own_arguments() -> None:
    application = only(LLM)
    (llm,) = application["args"]["llm_configs"]
    assert application["import_path"] == LLM_IMPORT_PATH
    assert llm["model_loading_config"] == {"model_id": "qwen-7b", "model_source": "Qwen/Qwen2.5-7B-Instruct"}
    assert llm["engine_kwargs"] == {"max_model_len": 8192, "tensor_parallel_size": 1}
    assert llm["deployment_config"]["autoscaling_config"]["min_replicas"] == 0
    assert llm["runtime_env"]["env_vars"]["FOREBAY_DEPLOYMENT_ID"].startswith("qwen-7b-")


def test_a_custom_application_keeps_its_arguments_and_gets_labels_and_id() -> None:
    application = only(CUSTOM)
    assert (application["import_path"], application["args"]) == ("acme.models:build", {"size": 3})
    assert application["deployments"][0]["ray_actor_options"]["label_selector"] == {"forebay/pool": "spot"}
    assert application["runtime_env"]["env_vars"]["FOREBAY_DEPLOYMENT_ID"].startswith("own-model-")


@pytest.mark.parametrize("key", ["name", "route_prefix"])
def test_two_applications_may_not_share_a_name_or_a_route(key: str) -> None:
    clash = VECTORS | {key: CHAT[key]}
    with pytest.raises(ValueError, match=f"2 applications have the {key}"):
        render(applications(CHAT, clash), SERVE)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (CHAT | {"args": {"model": "gpt-4"}}, "pattern"),
        (CHAT | {"args": {"context_tokens": 5, "kv_tokens": 4}}, "context_tokens is 5, more than kv_tokens"),
        (CHAT | {"replicas": {"min_replicas": 3, "max_replicas": 2}}, "min_replicas is 3, above max_replicas"),
        (CHAT | {"kind": "poem"}, "does not match any of the expected tags"),
        (LABELS | {"args": {"examples": {"yes": ["a"]}}}, "1 label"),
        (LABELS | {"args": {"examples": {"yes": ["a"], "no": []}}}, "no text for label 'no'"),
        (LLM | {"num_gpus": 0.5}, "vLLM takes whole GPUs"),
        (LLM | {"labels": {"pool": "spot"}}, "set accelerator_type instead"),
        (CHAT | {"colour": "red"}, "Extra inputs are not permitted"),
    ],
)
def test_wrong_applications_are_refused_with_the_reason(raw: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        applications(raw)
