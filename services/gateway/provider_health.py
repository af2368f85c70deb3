"""The state of the providers in the shape that their status page has always had; from traffic and breakers alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.gateway.breaker.breaker import BreakerState
from services.gateway.clock import Clock
from services.gateway.config import ProviderName
from services.gateway.endpoint import LiveEndpoint
from services.gateway.pipeline import Pipeline

# Worst last: a provider is as well as its best endpoint.
_ORDER = ("healthy", "unknown", "unhealthy", "misconfigured", "circuit_open")


def provider_health(pipeline: Pipeline, clock: Clock) -> dict[str, object]:
    """The body of GET /health/gpu-providers; nothing is called for it."""
    by_name = {
        name.value: [one for one in pipeline.endpoints if one.provider is name]
        for name in pipeline.chain
        if name is not ProviderName.LOCAL_STUB
    }
    now = clock.now()
    available = [
        name.value
        for name in pipeline.chain
        if name is ProviderName.LOCAL_STUB or any(one.breaker.is_available(now) for one in by_name[name.value])
    ]
    return {
        "status": "healthy" if any(name in by_name for name in available) else "degraded",
        "timestamp": _iso(clock.wall()),
        "gpu_providers": {
            "providers": {name: _provider(endpoints, clock) for name, endpoints in by_name.items()},
            "available_providers": available,
        },
    }


def _provider(endpoints: Sequence[LiveEndpoint], clock: Clock) -> dict[str, object]:
    checks = [one.stats.last_check for one in endpoints if one.stats.last_check is not None]
    latencies = [one.stats.latency_ms for one in endpoints if one.stats.latency_ms]
    last_errors = [one.stats.last_error for one in endpoints if one.stats.last_error is not None]
    status = min((_status(one) for one in endpoints), key=_ORDER.index)
    reopening = [one.breaker.open_until for one in endpoints if one.breaker.state is BreakerState.OPEN]
    is_open = status == "circuit_open" and reopening
    return {
        "status": status,
        "last_check": _iso(max(checks)) if checks else None,
        "latency_ms": round(sum(latencies) / len(latencies), 1) if latencies else 0,
        "error_count": sum(one.stats.error_count for one in endpoints),
        "success_count": sum(one.stats.success_count for one in endpoints),
        "circuit_open_until": _iso(clock.wall() + min(reopening) - clock.now()) if is_open else None,
        "last_error": last_errors[-1] if last_errors else None,
    }


def _status(endpoint: LiveEndpoint) -> str:
    if endpoint.breaker.state is not BreakerState.CLOSED:
        return "circuit_open"
    if endpoint.breaker.is_misconfigured:
        return "misconfigured"
    if endpoint.stats.last_check is None:
        return "unknown"
    return "unhealthy" if endpoint.stats.last_error is not None else "healthy"


def _iso(wall: float) -> str:
    return datetime.fromtimestamp(wall, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
