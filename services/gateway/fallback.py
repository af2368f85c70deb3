"""Tries the providers of the chain in order, and the stub when all else failed.

Moving on is for failures of providers. The request's own faults and its deadline end it; when every provider refused
the request itself (400, 413, 422), the client is told so: a stub's answer would hide what only the client can mend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from services.gateway.clock import Clock
from services.gateway.errors import (
    AttemptsSpentError,
    BreakerOpenError,
    ChainExhaustedError,
    DeadlineExceededError,
    GatewayError,
    InvalidRequestError,
    UpstreamError,
    UpstreamStatusError,
)
from services.gateway.messages import Operation, Reply, Request
from services.gateway.retry_budget import RetryBudget
from services.gateway.service import Service
from services.gateway.telemetry.events import Events
from services.gateway.telemetry.metrics import Metrics

_REFUSALS = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class Link:
    """One provider of the chain.

    Attributes:
        models: Public model name to the provider's own, for the models that an endpoint of it serves.
    """

    provider: str
    service: Service
    models: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FallbackTools:
    """What fallback needs of the process."""

    budget: RetryBudget
    clock: Clock
    events: Events
    metrics: Metrics


class Fallback:
    """The fan-out of the pipeline: above it a request has a public model, below it one provider's own.

    Args:
        links: The chain without the stub.
        stub: Answers when nothing else did; None refuses with 503.
    """

    def __init__(self, links: Sequence[Link], stub: Service | None, tools: FallbackTools) -> None:
        self._links = tuple(links)
        self._stub = stub
        self._tools = tools

    async def __call__(self, request: Request) -> Reply:
        """Answer from the first provider that does.

        Raises:
            ChainExhaustedError: None does, and the stub may not.
            InvalidRequestError: Every provider that was asked refused the request itself.
            DeadlineExceededError: The time was up on the way.
        """
        self._tools.budget.deposit(self._tools.clock.now())
        links = [link for link in self._links if request.model in link.models]
        failures: dict[str, GatewayError] = {}
        for position, link in enumerate(links):
            if request.deadline.expired(self._tools.clock.now()):
                raise DeadlineExceededError("the request's time was up before a provider answered")
            try:
                return await _ask(link, request, later=len(links) - position - 1)
            except AttemptsSpentError as error:
                failures[link.provider] = error
                break
            except (UpstreamError, BreakerOpenError) as error:
                failures[link.provider] = error
                self._note(request, link, error)
        if failures and all(isinstance(error, BreakerOpenError) for error in failures.values()):
            reply = await self._last_resort(request, links, failures)
            if reply is not None:
                return reply
        return await self._without_providers(request, failures)

    def _note(self, request: Request, link: Link, error: GatewayError) -> None:
        self._tools.metrics.fallbacks.labels(link.provider, error.code).inc()
        self._tools.events.info("gateway.fallback", request_id=request.id, provider=link.provider, code=error.code)

    async def _last_resort(
        self, request: Request, links: Sequence[Link], failures: dict[str, GatewayError]
    ) -> Reply | None:
        # A gate is shut for the sake of requests that have somewhere else to go; this one has only the stub.
        request.context.last_resort = True
        for link in links:
            try:
                return await _ask(link, request, later=0)
            except BreakerOpenError:
                continue
            except UpstreamError as error:
                failures[link.provider] = error
                return None
        return None

    async def _without_providers(self, request: Request, failures: Mapping[str, GatewayError]) -> Reply:
        asked = [error for error in failures.values() if not isinstance(error, BreakerOpenError)]
        if asked and all(_is_refusal(error) for error in asked):
            raise InvalidRequestError("the model's provider refused the request as invalid; check its parameters")
        if self._stub is not None and request.operation is Operation.CHAT:
            return await self._stub(request)
        waits = [error.retry_after for error in failures.values() if error.retry_after]
        raise ChainExhaustedError(
            f"no provider could answer for model {request.model!r}; try again later",
            causes={provider: error.code for provider, error in failures.items()},
            retry_after=min(waits, default=1.0),
        )


async def _ask(link: Link, request: Request, *, later: int) -> Reply:
    return await link.service(replace(request, upstream_model=link.models[request.model], reserved_calls=later))


def _is_refusal(error: GatewayError) -> bool:
    return isinstance(error, UpstreamStatusError) and error.upstream_status in _REFUSALS
