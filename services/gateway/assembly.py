"""Builds one gateway process's parts from its configuration; the only place that reads its secrets' files."""

import random
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from services.gateway.authenticate import Authenticator, OpenAuthenticator
from services.gateway.clock import Clock, SystemClock
from services.gateway.config import GatewayConfig
from services.gateway.environment import GatewayConfigError
from services.gateway.front.status_routes import Gateway
from services.gateway.keys.keyring import Keyring, KeyringTerms
from services.gateway.keys.pepper import read_pepper
from services.gateway.lifecycle import Lifecycle
from services.gateway.pipeline import Pipeline
from services.gateway.providers.factory import ProviderKeyError, build_providers
from services.gateway.telemetry.events import Events
from services.gateway.telemetry.metrics import Metrics
from services.gateway.tools import Tools


@dataclass(frozen=True, slots=True)
class Assembly:
    """A gateway and what has to run beside it.

    Attributes:
        keyring: To be watched in a task of its own; None without auth.
    """

    gateway: Gateway
    keyring: Keyring | None


def system_tools(events: Events) -> Tools:
    """The real clock, the system's randomness and a metrics registry of its own."""
    return Tools(SystemClock(), random.SystemRandom().random, events, Metrics(CollectorRegistry()))


def assemble(config: GatewayConfig, tools: Tools) -> Assembly:
    """Build everything; nothing is connected yet.

    Raises:
        GatewayConfigError: A file of a secret cannot be used.
    """
    try:
        providers = build_providers(config, tools.clock)
    except ProviderKeyError as error:
        raise GatewayConfigError(f"{error}.") from None
    keyring = _keyring(config, tools.clock, tools.events) if config.auth else None
    authenticator: Authenticator = keyring if keyring is not None else OpenAuthenticator()
    pipeline = Pipeline.build(config, authenticator, providers, tools)
    return Assembly(Gateway(config, pipeline, authenticator, Lifecycle(), tools, tools.clock.wall()), keyring)


def _keyring(config: GatewayConfig, clock: Clock, events: Events) -> Keyring:
    # The store's client is half of the import time, and a gateway without auth needs none.
    from services.gateway.keys.redis_store import RedisKeyStore  # noqa: PLC0415 - as said above

    if config.state_store is None or config.pepper_file is None:
        raise GatewayConfigError("auth is on, which needs state_store and pepper_file.")
    pepper = read_pepper(config.pepper_file)
    try:
        store = RedisKeyStore(config.state_store)
    except OSError as error:
        raise GatewayConfigError(f"state_store.password_file cannot be read: {error.strerror}.") from None
    terms = KeyringTerms(config.key_refresh_seconds, config.key_snapshot_seconds)
    return Keyring(store, pepper, terms, clock, events)
