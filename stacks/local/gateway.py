from typing import Literal

from infra.local.folder import StackFolder
from infra.local.machine import Machine
from infra.local.parts.gateway import GatewayPolicy
from infra.local.parts.ray import head_ports
from infra.local.ports import PortBlock
from services.gateway import config as gateway
from stacks.local.ollama import ollama_url
from stacks.local.serving import served_name
from stacks.settings import StackSettings
from stacks.settings import application as wanted
from stacks.settings.alias import Kind
from stacks.settings.breaker import AdaptiveBreaker, FixedBreaker
from stacks.settings.gateway import StubPolicy
from stacks.settings.hosted import HostedProvider
from stacks.settings.provider import Provider

_OPERATIONS: dict[Kind, Literal["chat", "embed"]] = {Kind.CHAT: "chat", Kind.EMBEDDINGS: "embed"}

_HUGGINGFACE = "https://router.huggingface.co/hf-inference"
_OPENAI = "https://api.openai.com/v1"
_ANTHROPIC = "https://api.anthropic.com"


def gateway_policy(settings: StackSettings, ports: PortBlock, machine: Machine) -> GatewayPolicy:
    """How the stack's gateways behave, from its settings and what this machine has."""
    own, timeouts, client = settings.gateway, settings.gateway.timeouts, settings.gateway.ray
    models = _models(settings)
    providers = _providers(settings, ports, machine)
    chain = tuple(gateway.ProviderName(name) for name in settings.chain)
    return GatewayPolicy(
        providers=providers,
        models=models,
        default_model=next(name for name, alias in models.items() if alias.operation == "chat"),
        default_embedding_model=next((name for name, alias in models.items() if alias.operation == "embed"), None),
        chain=tuple(name for name in chain if name in providers or name is gateway.ProviderName.LOCAL_STUB),
        paid=own.paid_allowed,
        refuses_stub=own.stub is StubPolicy.REFUSE,
        timeouts=gateway.TimeoutSettings(
            request_seconds=timeouts.total.total_seconds(),
            attempt_seconds=timeouts.attempt.total_seconds(),
            connect_seconds=timeouts.connect.total_seconds(),
            gap_seconds=timeouts.gap.total_seconds(),
        ),
        retry=gateway.RetrySettings(budget_ratio=own.retries.budget, minimum=own.retries.minimum),
        breaker=_breakers(settings),
        ray=gateway.RaySettings(
            max_connections=client.max_connections,
            max_keepalive=client.max_keepalive,
            scaling_status_codes=client.scaling_status_codes,
            backoff_seconds=client.scaling_backoff.total_seconds(),
            max_scale_cycles=client.max_scale_cycles,
        ),
        drain_seconds=own.drain.total_seconds(),
    )


def _models(settings: StackSettings) -> dict[str, gateway.ModelAlias]:
    served = {one.model: served_name(one) for one in settings.serving.applications.values()}
    return {
        name: gateway.ModelAlias(
            operation=_OPERATIONS[alias.kind],
            providers={
                gateway.ProviderName(provider): served.get(model, model) if provider is Provider.REMOTE_GPU else model
                for provider, model in alias.providers.items()
            },
        )
        for name, alias in sorted(settings.aliases.items())
        if alias.kind in _OPERATIONS
    }


def _providers(
    settings: StackSettings, ports: PortBlock, machine: Machine
) -> dict[gateway.ProviderName, gateway.ProviderSettings]:
    hosted = settings.gateway.hosted
    found = {
        gateway.ProviderName.REMOTE_GPU: _ray_endpoints(settings, ports),
        gateway.ProviderName.OLLAMA_LOCAL: _ollama_endpoints(settings, ports, machine),
        gateway.ProviderName.HUGGINGFACE: _hosted(hosted.huggingface, gateway.WireFormat.HUGGINGFACE, _HUGGINGFACE),
        gateway.ProviderName.OPENAI: _hosted(hosted.openai, gateway.WireFormat.OPENAI, _OPENAI),
        gateway.ProviderName.ANTHROPIC: _hosted(hosted.anthropic, gateway.WireFormat.ANTHROPIC, _ANTHROPIC),
    }
    return {name: gateway.ProviderSettings(endpoints=endpoints) for name, endpoints in found.items() if endpoints}


def _ray_endpoints(settings: StackSettings, ports: PortBlock) -> tuple[gateway.Endpoint, ...]:
    base = f"http://127.0.0.1:{head_ports(ports).serve_http}"
    return tuple(
        gateway.Endpoint(url=f"{base}/{name}/v1", wire=gateway.WireFormat.OPENAI, ray=True, models=(served_name(one),))
        for name, one in sorted(settings.serving.applications.items())
        if not isinstance(one, wanted.ClassifierApplication)
    )


def _ollama_endpoints(settings: StackSettings, ports: PortBlock, machine: Machine) -> tuple[gateway.Endpoint, ...]:
    url = ollama_url(settings, ports, machine)
    return (gateway.Endpoint(url=url, wire=gateway.WireFormat.OLLAMA),) if url else ()


def _hosted(provider: HostedProvider | None, wire: gateway.WireFormat, address: str) -> tuple[gateway.Endpoint, ...]:
    if provider is None:
        return ()
    return (gateway.Endpoint(url=str(provider.base_url or address), wire=wire),)


def provider_secrets(settings: StackSettings, folder: StackFolder) -> dict[str, str]:
    """Environment variable of the gateways -> file with its value, for each hosted provider."""
    hosted = settings.gateway.hosted
    providers = {
        "HUGGINGFACE_API_KEY": hosted.huggingface,
        "OPENAI_API_KEY": hosted.openai,
        "ANTHROPIC_API_KEY": hosted.anthropic,
    }
    return {name: str(folder.secrets / name.lower()) for name, provider in providers.items() if provider is not None}


def _breakers(settings: StackSettings) -> gateway.BreakerSettings:
    hosted, own = settings.gateway.breakers.hosted, settings.gateway.breakers.own
    chosen: dict[str, gateway.FixedBreaker | gateway.AdaptiveBreaker] = {}
    for breaker in (hosted, own):
        if isinstance(breaker, FixedBreaker):
            chosen["fixed"] = gateway.FixedBreaker(
                failures=breaker.failures, open_seconds=breaker.open_for.total_seconds()
            )
        elif isinstance(breaker, AdaptiveBreaker):
            chosen["adaptive"] = gateway.AdaptiveBreaker(
                failures=breaker.failures,
                window_seconds=breaker.window.total_seconds(),
                success_rate=breaker.success_rate,
                first_open_seconds=breaker.open_from.total_seconds(),
                longest_open_seconds=breaker.open_up_to.total_seconds(),
            )
    return gateway.BreakerSettings.model_validate(chosen)
