from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.gateway.attempt_timeout import cut_to_deadline
from services.gateway.breaker.breaker import Breaker
from services.gateway.clock import Clock
from services.gateway.config import Endpoint, ProviderName
from services.gateway.messages import Reply, Request
from services.gateway.providers.provider import Provider, Timeouts, UpstreamRequest
from services.gateway.service import Service
from services.gateway.stats import EndpointStats


@dataclass(frozen=True, slots=True)
class LiveEndpoint:
    """One endpoint at run time.

    Attributes:
        name: `provider/index`, for logs, labels and errors; shows no address.
        service: Its own layers, down to the provider.
    """

    name: str
    provider: ProviderName
    settings: Endpoint
    breaker: Breaker
    stats: EndpointStats
    service: Service


class ProviderCall:
    """The end of the pipeline: one upstream call of one endpoint, counted against the request's cap."""

    def __init__(self, endpoint: str, provider: Provider, timeouts: Timeouts, clock: Clock) -> None:
        self._endpoint = endpoint
        self._provider = provider
        self._timeouts = timeouts
        self._clock = clock

    async def __call__(self, request: Request) -> Reply:
        request.context.attempts.take()
        request.context.endpoint = self._endpoint
        remaining = request.deadline.remaining(self._clock.now())
        timeouts = cut_to_deadline(self._timeouts, remaining, stream=request.stream)
        return await self._provider.send(UpstreamRequest(request, request.upstream_model, timeouts))


class Roster:
    """Which endpoints a request for a public model may reach, the stub aside.

    It answers the one question that a breaker cannot: whether another endpoint of the request's chain is still live.
    """

    def __init__(self, endpoints: Mapping[str, Sequence[tuple[str, Breaker]]], clock: Clock) -> None:
        self._endpoints = endpoints
        self._clock = clock

    def is_another_live(self, model: str, endpoint: str) -> bool:
        now = self._clock.now()
        return any(name != endpoint and breaker.is_live(now) for name, breaker in self._endpoints.get(model, ()))
