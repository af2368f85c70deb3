import re
from collections.abc import Mapping
from typing import Any

from infra.local.parts.ray import head_ports
from infra.local.ports import PortBlock
from services.serving.config.application import (
    Application,
    ClassifierApplication,
    EmbeddingsApplication,
    SimulatedApplication,
)
from services.serving.config.args import ClassifierArgs, EmbeddingsArgs, SimulatedArgs
from services.serving.config.render import ServeSettings, render
from stacks.settings import StackSettings
from stacks.settings import application as wanted

_PREFILL_TOKENS = 512
"""The prompt by which the settings' time to the first token is meant."""

_CONTEXT_TOKENS = 4096


def serve_configuration(settings: StackSettings, ports: PortBlock) -> Mapping[str, object] | None:
    """What Ray Serve runs, or None when the settings ask for no application."""
    applications = [_application(name, one) for name, one in settings.serving.applications.items()]
    return render(applications, ServeSettings(port=head_ports(ports).serve_http)) if applications else None


def served_name(one: wanted.Application) -> str:
    """The model name that the application answers under; a simulated one's begins with `sim-`, to mislead nobody."""
    if isinstance(one, wanted.EmbeddingsApplication | wanted.ClassifierApplication) or one.model.startswith("sim-"):
        return one.model
    return "sim-" + re.sub(r"[^a-z0-9._-]", "-", one.model.lower())


def _application(name: str, one: wanted.Application) -> Application:
    common: dict[str, Any] = {
        "name": name,
        "route_prefix": f"/{name}",
        "replicas": one.scaling.min_replicas or 1,
        "num_cpus": one.cpus,
        "max_ongoing_requests": one.max_ongoing_requests,
        "max_queued_requests": one.max_queued_requests,
    }
    if isinstance(one, wanted.EmbeddingsApplication):
        return EmbeddingsApplication(**common, args=EmbeddingsArgs(model=one.model, max_batch=one.max_batch))
    if isinstance(one, wanted.ClassifierApplication):
        return ClassifierApplication(**common, args=ClassifierArgs(model=one.model, examples=dict(one.labels)))
    return SimulatedApplication(**common, args=_simulated(one))


def _simulated(one: wanted.SimulatedApplication | wanted.LlmApplication) -> SimulatedArgs:
    simulation = one.simulation
    return SimulatedArgs(
        model=served_name(one),
        kv_tokens=simulation.kv_tokens,
        context_tokens=min(_CONTEXT_TOKENS, simulation.kv_tokens),
        max_batch=simulation.batch,
        max_waiting=one.max_queued_requests,
        prefill_tokens_per_second=_PREFILL_TOKENS / max(0.001, simulation.first_token.total_seconds()),
        step_seconds=max(0.000_1, simulation.token_interval.total_seconds()),
    )
