from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings.breaker import AdaptiveBreaker
from stacks.settings.chain import configured_chain
from stacks.settings.problem import Problem
from stacks.settings.provider import Provider
from stacks.settings.quantity import format_duration
from stacks.settings.topology import Shape

if TYPE_CHECKING:
    from datetime import timedelta

    from stacks.settings.settings import StackSettings

_LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


def chain_is_configured(settings: "StackSettings") -> Iterator[Problem]:
    """A chain names each configured provider at most once, paid ones only where allowed, and the stub last."""
    path = ("gateway", "chain")
    for index, provider in enumerate(settings.gateway.chain or ()):
        if provider in settings.chain[:index]:
            yield Problem((*path, index), f"is {provider}, which stands in the chain already: keep it once")
        elif provider.is_paid and not settings.gateway.paid_allowed:
            yield Problem(
                (*path, index), f"is {provider}, which charges for each call: set gateway.paid_allowed, or remove it"
            )
        elif provider not in configured_chain(settings):
            yield Problem((*path, index), f"is {provider}, which is not configured: {_remedy(provider)}, or remove it")
        elif provider is Provider.LOCAL_STUB and index + 1 < len(settings.chain):
            yield Problem(
                (*path, index), "is local_stub, which always answers, so that nothing after it is asked: put it last"
            )
    if set(settings.chain) <= {Provider.LOCAL_STUB}:
        yield Problem(path, "has no provider that can answer: add serving.applications, ollama or gateway.hosted")


def hosted_addresses_are_encrypted(settings: "StackSettings") -> Iterator[Problem]:
    """Keys and prompts leave this machine only over TLS."""
    for name, provider in settings.gateway.hosted:
        url = provider.base_url if provider else None
        if url is not None and url.scheme != "https" and url.host not in _LOOPBACK:
            yield Problem(
                ("gateway", "hosted", name, "base_url"), f"is {url}, which would carry the key in clear text: use https"
            )


def waits_are_ordered(settings: "StackSettings") -> Iterator[Problem]:
    """Shorter waits fit into longer ones."""
    gateway, timeouts = settings.gateway, settings.gateway.timeouts
    for path, value, limit_name, limit in (
        (("timeouts", "connect"), timeouts.connect, "timeouts.attempt", timeouts.attempt),
        (("timeouts", "attempt"), timeouts.attempt, "timeouts.total", timeouts.total),
        (("timeouts", "gap"), timeouts.gap, "timeouts.total", timeouts.total),
        (("drain",), gateway.drain, "spot.notice", settings.spot.notice),
    ):
        if value > limit:
            yield Problem(("gateway", *path), f"is {_text(value)}, longer than {limit_name} {_text(limit)}: shorten it")
    for name, breaker in gateway.breakers:
        if isinstance(breaker, AdaptiveBreaker) and breaker.open_from > breaker.open_up_to:
            yield Problem(
                ("gateway", "breakers", name, "open_from"),
                f"is {_text(breaker.open_from)}, longer than open_up_to {_text(breaker.open_up_to)}: shorten it",
            )


def gateway_numbers_agree(settings: "StackSettings") -> Iterator[Problem]:
    """Replicas agree with their ceiling and the topology, connections with theirs."""
    gateway, shape = settings.gateway, settings.topology.shape
    if gateway.max_replicas is not None and gateway.max_replicas < gateway.replicas:
        yield Problem(
            ("gateway", "max_replicas"),
            f"is {gateway.max_replicas}, below replicas {gateway.replicas}: raise it or remove it",
        )
    if shape is Shape.SINGLE and gateway.replicas > 1:
        yield Problem(
            ("gateway", "replicas"),
            f"is {gateway.replicas} in the topology single: set 1, or topology.shape load-balanced",
        )
    if gateway.ray.max_keepalive > gateway.ray.max_connections:
        yield Problem(
            ("gateway", "ray", "max_keepalive"),
            f"is {gateway.ray.max_keepalive}, above max_connections {gateway.ray.max_connections}: lower it",
        )
    for name in ("auth_replicas", "cache_replicas"):
        if getattr(settings.topology, name) is not None and shape is not Shape.MICROSERVICES:
            yield Problem(
                ("topology", name),
                f"is set, but the topology {shape} has no such service: set microservices or remove it",
            )


def _remedy(provider: Provider) -> str:
    own = {Provider.REMOTE_GPU: "add serving.applications", Provider.OLLAMA_LOCAL: "set ollama.mode to auto or url"}
    return own.get(provider, f"set gateway.hosted.{provider}")


def _text(duration: "timedelta") -> str:
    return format_duration(duration)
