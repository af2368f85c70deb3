"""The one place that retries.

A retry needs all of: a failure that another attempt may mend, a try left at this provider, an upstream call beyond
those that the later providers are owed, a token of the process's budget, and time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count

from services.gateway.classify import ResponseClass, classify
from services.gateway.clock import Clock
from services.gateway.errors import UpstreamError
from services.gateway.messages import Reply, Request
from services.gateway.retry_budget import RetryBudget
from services.gateway.service import Service
from services.gateway.telemetry.metrics import Metrics

# Ceiling of the first wait; long enough for a replica's neighbour to take over, short beside any generation.
_FIRST_WAIT = 0.05


@dataclass(frozen=True, slots=True)
class RetryTools:
    """What retrying needs of the process.

    Attributes:
        random: Uniform in [0, 1).
    """

    budget: RetryBudget
    clock: Clock
    random: Callable[[], float]
    metrics: Metrics

    def allows(self, request: Request, wait: float) -> bool:
        """Whether a call may be repeated after `wait` seconds; takes a token of the budget if so."""
        now = self.clock.now()
        has_calls = request.context.attempts.left > request.reserved_calls
        return has_calls and request.deadline.remaining(now) > wait and self.budget.try_withdraw(now)


class RetryLayer:
    """Repeats a failed attempt at one provider.

    Above: fallback, so that a provider's tries are over before the next one begins. Below: balance, which picks another
    endpoint for each try.
    """

    def __init__(self, provider: str, tries: int, tools: RetryTools) -> None:
        self._tries = tries
        self._tools = tools
        self._counter = tools.metrics.retries.labels(provider, "failure")

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        for attempt in count(1):
            try:
                return await service(request)
            except UpstreamError as error:
                wait = self._tools.random() * _FIRST_WAIT * 2.0 ** (attempt - 1)
                is_worth_it = classify(error) is ResponseClass.RETRYABLE and attempt < self._tries
                if not is_worth_it or not self._tools.allows(request, wait):
                    raise
            self._counter.inc()
            await self._tools.clock.sleep(wait)
        raise AssertionError("unreachable: the loop ends by returning or raising")
