"""The gateway without a front: layers composed in the order in which a request meets them.

    pipeline = Pipeline.build(config, authenticator, build_providers(config, clock), tools)
    reply = await pipeline.service(Request(id="...", operation=Operation.CHAT, deadline=..., model="default", ...))

A request passes `request_path`, then for each provider that fallback tries `provider_path`, then for each endpoint
that balance picks `endpoint_path`. Every step says why it stands where it does; each tuple keeps to `Role`'s order.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from services.gateway.access_log import AccessLogLayer
from services.gateway.attempt_timeout import AttemptTimeoutLayer
from services.gateway.authenticate import AuthenticateLayer, Authenticator
from services.gateway.balance import Balance
from services.gateway.breaker.breaker import Breaker
from services.gateway.breaker.layer import BreakerLayer
from services.gateway.breaker.preset import policy_for
from services.gateway.chain_order import configured_chain
from services.gateway.config import Endpoint, GatewayConfig, ProviderName
from services.gateway.deadline_layer import DeadlineLayer
from services.gateway.endpoint import LiveEndpoint, ProviderCall, Roster
from services.gateway.error_map import ErrorMapLayer
from services.gateway.fallback import Fallback, FallbackTools, Link
from services.gateway.messages import Answer, Reply, Request, Stream
from services.gateway.providers.provider import Provider, Timeouts, UpstreamRequest
from services.gateway.ray_backoff import RayBackoffLayer
from services.gateway.retry import RetryLayer, RetryTools
from services.gateway.retry_budget import RetryBudget
from services.gateway.service import Layer, Role, Service, Step, compose
from services.gateway.stats import EndpointStats, StatsLayer
from services.gateway.tools import Tools
from services.gateway.validate import ValidateLayer

Providers: TypeAlias = Mapping[ProviderName, Sequence[Provider]]


def request_path(config: GatewayConfig, authenticator: Authenticator, tools: Tools) -> tuple[Step, ...]:
    """What every request passes once; rate limit, cache, admission and route have their places after validation."""
    return (
        # Outermost, so that each outcome is logged and counted, refusals and defects included.
        Step(Role.LOG, AccessLogLayer(tools.events, tools.metrics, tools.clock)),
        # Directly below, so that the log sees one code for whatever happens.
        Step(Role.ERROR_MAP, ErrorMapLayer(tools.events)),
        # Above all that can wait; its clock started when the request was accepted.
        Step(Role.DEADLINE, DeadlineLayer(tools.clock)),
        # Before any work on the body: strangers cost a hash and no parsing.
        Step(Role.AUTHENTICATE, AuthenticateLayer(authenticator)),
        # Before anything reads the messages, and before limits, so that what cannot be served takes nobody's quota.
        Step(Role.VALIDATE, ValidateLayer(config.limits, config.models)),
    )


def provider_path(retry: Layer) -> tuple[Step, ...]:
    """What a request passes for each provider that fallback tries."""
    return (
        # Below fallback: a provider's tries are over before the next begins. Above balance: each try picks anew.
        Step(Role.RETRY, retry),
    )


def endpoint_path(stats: Layer, breaker: Layer, timeout: Layer) -> tuple[Step, ...]:
    """What a request passes for each endpoint that balance picks; batching has its place above the timeout."""
    return (
        # Above the breaker, so that it sees every end that the breaker judges, and none that the breaker refused.
        Step(Role.STATS, stats),
        # Above the timeout, so that a timeout counts as a failure.
        Step(Role.BREAKER, breaker),
        # Next to the provider, so that it bounds one attempt alone; it hands streams up once content is there.
        Step(Role.ATTEMPT_TIMEOUT, timeout),
    )


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A composed gateway.

    Attributes:
        service: Answers a request, or raises a `GatewayError` and nothing else (but cancellation).
        chain: The providers in order, the stub included.
        endpoints: Every endpoint of the chain, for status pages.
    """

    service: Service
    chain: tuple[ProviderName, ...]
    endpoints: tuple[LiveEndpoint, ...]
    providers: tuple[Provider, ...]

    @classmethod
    def build(
        cls, config: GatewayConfig, authenticator: Authenticator, providers: Providers, tools: Tools
    ) -> "Pipeline":
        """Compose a gateway; `providers` are those of `providers.factory.build_providers`."""
        chain = configured_chain(config)
        assembly = _Assembly(config, providers, tools)
        links = [assembly.link(name) for name in chain if name is not ProviderName.LOCAL_STUB]
        stub = assembly.stub() if ProviderName.LOCAL_STUB in chain and config.stub == "answer" else None
        fallback = Fallback(links, stub, FallbackTools(assembly.budget, tools.clock, tools.events, tools.metrics))
        service = compose(request_path(config, authenticator, tools), fallback)
        assembly.close_roster()
        return cls(service, chain, tuple(assembly.endpoints), tuple(itertools.chain.from_iterable(providers.values())))

    async def aclose(self) -> None:
        """Close every provider's connections."""
        for provider in self.providers:
            await provider.aclose()


class _Assembly:
    """Builds the part below fallback; the roster is filled last, since breakers ask it about one another."""

    def __init__(self, config: GatewayConfig, providers: Providers, tools: Tools) -> None:
        self.budget = RetryBudget(config.retry)
        self.endpoints: list[LiveEndpoint] = []
        self._config = config
        self._providers = providers
        self._tools = tools
        self._retry_tools = RetryTools(self.budget, tools.clock, tools.random, tools.metrics)
        self._reachable: dict[str, list[tuple[str, Breaker]]] = {}
        self._roster = Roster(self._reachable, tools.clock)

    def link(self, name: ProviderName) -> Link:
        """One provider of the chain with all below it."""
        settings = self._config.providers[name].endpoints
        endpoints = [
            self._endpoint(f"{name.value}/{index}", name, endpoint, provider)
            for index, (endpoint, provider) in enumerate(zip(settings, self._providers[name], strict=True))
        ]
        self.endpoints += endpoints
        balance = Balance(name.value, endpoints, self._tools.clock)
        service = compose(provider_path(self._retry(name, endpoints)), balance)
        return Link(name.value, service, dict(self._models(name, settings)))

    def stub(self) -> Service:
        return _StubCall(self._providers[ProviderName.LOCAL_STUB][0], self._timeouts(None))

    def close_roster(self) -> None:
        """Note which endpoints each public model can reach."""
        for public, alias in self._config.models.items():
            self._reachable[public] = [
                (one.name, one.breaker)
                for one in self.endpoints
                if one.provider in alias.providers and one.settings.serves(alias.providers[one.provider])
            ]

    def _endpoint(self, label: str, name: ProviderName, settings: Endpoint, provider: Provider) -> LiveEndpoint:
        clock = self._tools.clock
        breaker = Breaker(label, policy_for(name, self._config.providers[name], self._config.breaker))
        stats, timeouts = EndpointStats(), self._timeouts(settings)
        path = endpoint_path(
            StatsLayer((name.value, label), stats, self._tools.metrics, clock),
            BreakerLayer(breaker, clock, lambda request: self._roster.is_another_live(request.model, label)),
            AttemptTimeoutLayer(name.value, timeouts, clock),
        )
        service = compose(path, ProviderCall(label, provider, timeouts, clock))
        return LiveEndpoint(label, name, settings, breaker, stats, service)

    def _retry(self, name: ProviderName, endpoints: Sequence[LiveEndpoint]) -> Layer:
        retry = RetryLayer(name.value, self._config.retry.tries, self._retry_tools)
        rays = [one for one in endpoints if one.settings.ray]
        if not rays:
            return retry
        backoff = RayBackoffLayer(
            self._config.ray,
            [one.settings for one in rays],
            self._retry_tools,
            self._tools.events,
            _SpentCycles(rays, self._roster, self._tools),
        )
        # Scaling answers pass the inner retry untouched; the back-off around it repeats those alone.
        return lambda service: backoff(retry(service))

    def _models(self, name: ProviderName, endpoints: Sequence[Endpoint]) -> Iterator[tuple[str, str]]:
        for public, alias in self._config.models.items():
            own = alias.providers.get(name)
            if own is not None and any(endpoint.serves(own) for endpoint in endpoints):
                yield public, own

    def _timeouts(self, endpoint: Endpoint | None) -> Timeouts:
        times, ray = self._config.timeouts, self._config.ray
        is_ray = endpoint is not None and endpoint.ray
        attempt = (ray.timeout_seconds if is_ray else None) or times.attempt_seconds
        connect = (ray.connect_seconds if is_ray else None) or times.connect_seconds
        return Timeouts(connect=connect, first_byte=attempt, gap=times.gap_seconds, total=attempt)


class _SpentCycles:
    """Counts spent scaling cycles as one failure of the endpoint asked last."""

    def __init__(self, endpoints: Sequence[LiveEndpoint], roster: Roster, tools: Tools) -> None:
        self._breakers: Mapping[str, Breaker] = {one.name: one.breaker for one in endpoints}
        self._roster = roster
        self._clock = tools.clock

    def __call__(self, request: Request) -> None:
        endpoint = request.context.endpoint
        if endpoint is not None and endpoint in self._breakers:
            may_eject = self._roster.is_another_live(request.model, endpoint)
            self._breakers[endpoint].fail(self._clock.now(), may_eject=may_eject)


class _StubCall:
    """The end of the chain: no upstream call, so neither counted nor broken; its answers are always marked."""

    def __init__(self, provider: Provider, timeouts: Timeouts) -> None:
        self._provider = provider
        self._timeouts = timeouts

    async def __call__(self, request: Request) -> Reply:
        request.context.endpoint = self._provider.name
        reply = await self._provider.send(UpstreamRequest(request, self._provider.name, self._timeouts))
        return replace(reply, degraded=True) if isinstance(reply, Answer | Stream) else reply
