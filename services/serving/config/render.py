"""Turns applications into the configuration that Serve is given: same input, same bytes.

The deployment id is placed where a new one costs least: for the bundled applications in `user_config`, which Serve
hands to running replicas; for others in the replicas' environment. The number of replicas is no part of an id's
content: it changes no answer, and scaling must not restart a model.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from services.serving.config.application import (
    Application,
    Autoscaling,
    CustomApplication,
    LlmApplication,
    model_name,
)

DEPLOYMENT_ID_VARIABLE = "FOREBAY_DEPLOYMENT_ID"
LLM_IMPORT_PATH = "ray.serve.llm:build_openai_app"
# How often Serve asks a replica for its health; a killed one is noticed at once, this is for one that hangs.
HEALTH_CHECK_PERIOD_SECONDS = 2
HEALTH_CHECK_TIMEOUT_SECONDS = 10

Json = dict[str, JsonValue]


class _Bundled(NamedTuple):
    import_path: str
    deployment: str


BUNDLED = {
    "simulated-llm": _Bundled("services.serving.apps.simulated:build_app", "SimulatedModel"),
    "embeddings": _Bundled("services.serving.apps.embeddings:build_app", "Embeddings"),
    "classifier": _Bundled("services.serving.apps.classifier:build_app", "Classifier"),
}


class ServeSettings(BaseModel):
    """What all applications of one Serve share."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field(default="127.0.0.1", description="Address of Serve's proxy; pods need 0.0.0.0.")
    port: int = Field(ge=1024, le=65_535, description="Port of Serve's proxy.")
    proxy_location: Literal["HeadOnly", "EveryNode"] = Field(default="HeadOnly", description="Where proxies run.")
    keep_alive_seconds: int = Field(default=90, ge=1, description="Longer than the gateway keeps idle connections.")
    drain_seconds: float = Field(default=20.0, ge=0, description="How long a replica that is replaced may finish.")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least level logged.")
    access_log: bool = Field(default=False, description="A line for each request; the gateway has one already.")


def deployment_id(application: Application) -> str:
    """Return the model's name and ten hex digits of the digest of all content except its scale."""
    content = application.model_dump(mode="json", exclude={"replicas"})
    return f"{model_name(application)}-{hashlib.sha256(canonical(content)).hexdigest()[:10]}"


def canonical(content: Json) -> bytes:
    """Return JSON with sorted keys and no spaces."""
    return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def render(applications: Sequence[Application], serve: ServeSettings) -> Json:
    """Return what Serve's REST interface and `serveConfigV2` take, applications sorted by name.

    Raises:
        ValueError: two applications share a name or a route prefix.
    """
    for what in ("name", "route_prefix"):
        value, count = Counter(getattr(application, what) for application in applications).most_common(1)[0]
        if count > 1:
            raise ValueError(f"{count} applications have the {what} {value!r}; give each its own.")
    return {
        "proxy_location": serve.proxy_location,
        "http_options": {
            "host": serve.host,
            "port": serve.port,
            "keep_alive_timeout_s": serve.keep_alive_seconds,
        },
        "logging_config": {
            "encoding": "JSON",
            "log_level": serve.log_level,
            "enable_access_log": serve.access_log,
        },
        "applications": [_application(one, serve) for one in sorted(applications, key=lambda each: each.name)],
    }


def _application(application: Application, serve: ServeSettings) -> Json:
    common: Json = {"name": application.name, "route_prefix": application.route_prefix}
    identity = deployment_id(application)
    if isinstance(application, LlmApplication):
        llm: Json = _llm(application, serve) | {"runtime_env": {"env_vars": {DEPLOYMENT_ID_VARIABLE: identity}}}
        return common | {"import_path": LLM_IMPORT_PATH, "args": {"llm_configs": [llm]}}
    if isinstance(application, CustomApplication):
        return common | {
            "import_path": application.import_path,
            "args": application.args,
            "runtime_env": {"env_vars": {DEPLOYMENT_ID_VARIABLE: identity}},
            "deployments": [{"name": application.deployment} | _scale(application) | _behaviour(application, serve)],
        }
    bundled = BUNDLED[application.kind]
    deployment: Json = {"name": bundled.deployment, "user_config": {"deployment_id": identity}}
    return common | {
        "import_path": bundled.import_path,
        "args": application.args.model_dump(mode="json"),
        "deployments": [deployment | _scale(application) | _behaviour(application, serve)],
    }


def _scale(application: Application) -> Json:
    if not isinstance(application.replicas, Autoscaling):
        return {"num_replicas": application.replicas}
    scaling = application.replicas
    return {
        "autoscaling_config": {
            "min_replicas": scaling.min_replicas,
            "max_replicas": scaling.max_replicas,
            "target_ongoing_requests": scaling.target_ongoing_requests,
            "upscale_delay_s": scaling.upscale_delay_seconds,
            "downscale_delay_s": scaling.downscale_delay_seconds,
        }
    }


def _behaviour(application: Application, serve: ServeSettings) -> Json:
    options: Json = {"num_cpus": application.num_cpus, "num_gpus": application.num_gpus}
    if application.labels:
        options["label_selector"] = dict(application.labels)
    return {
        "max_ongoing_requests": application.max_ongoing_requests,
        "max_queued_requests": application.max_queued_requests,
        "graceful_shutdown_timeout_s": serve.drain_seconds,
        "graceful_shutdown_wait_loop_s": 0.2,
        "health_check_period_s": HEALTH_CHECK_PERIOD_SECONDS,
        "health_check_timeout_s": HEALTH_CHECK_TIMEOUT_SECONDS,
        # New replicas first, so that an update never has fewer than before.
        "max_surge_percent": 100,
        "rolling_update_percentage": 0.5,
        "ray_actor_options": options,
    }


def _llm(application: LlmApplication, serve: ServeSettings) -> Json:
    deployment: Json = _scale(application) | _behaviour(application, serve)
    # vLLM's own builder places the workers that hold GPUs.
    deployment["ray_actor_options"] = {"num_cpus": application.num_cpus}
    llm: Json = {
        "model_loading_config": {"model_id": application.model, "model_source": application.source},
        "engine_kwargs": dict(application.engine) | {"tensor_parallel_size": int(application.num_gpus)},
        "deployment_config": deployment,
    }
    return llm if application.accelerator_type is None else llm | {"accelerator_type": application.accelerator_type}
