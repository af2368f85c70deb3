"""Waits for Ray Serve to scale: each endpoint is asked once a cycle, with an exponential wait (full jitter) in between.

A scaling answer is no breaker failure until the cycles are spent; then it counts once, where it came from last. Cycles
end as well when the calls owed to later providers, the retry budget or the deadline would be touched.
"""

from collections.abc import Callable, Sequence
from functools import partial

from services.gateway.config import Endpoint, RaySettings
from services.gateway.errors import BreakerOpenError, ScalingError, UpstreamError
from services.gateway.messages import Reply, Request
from services.gateway.retry import RetryTools
from services.gateway.service import Service
from services.gateway.telemetry.events import Events


class RayBackoffLayer:
    """Repeats scaling answers; anything else passes through.

    Above: fallback, which moves on when the cycles are spent. Below: retry and balance, which rotates the endpoints.

    Args:
        endpoints: A cycle is one call for each of those that serve the model.
        on_spent: Told about a request whose cycles are spent, to count it as a failure of its last endpoint.
    """

    def __init__(
        self,
        settings: RaySettings,
        endpoints: Sequence[Endpoint],
        tools: RetryTools,
        events: Events,
        on_spent: Callable[[Request], None],
    ) -> None:
        self._settings = settings
        self._endpoints = endpoints
        self._tools = tools
        self._events = events
        self._on_spent = on_spent
        self._retries = tools.metrics.retries.labels("remote_gpu", "scaling")

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        try:
            return await self._cycles(service, request)
        except (UpstreamError, BreakerOpenError) as error:
            self._tools.metrics.ray_failures.labels(error.code).inc()
            self._events.warning(
                "llm.ray.request.failure",
                request_id=request.id,
                code=error.code,
                endpoint=request.context.endpoint,
                upstream_calls=request.context.attempts.used,
            )
            raise

    async def _cycles(self, service: Service, request: Request) -> Reply:
        answers = 0
        cycle = sum(endpoint.serves(request.upstream_model) for endpoint in self._endpoints) or 1
        while True:
            try:
                reply = await service(request)
            except ScalingError as error:
                answers += 1
                wait = self._wait(answers, cycle, error)
                if answers >= cycle * (self._settings.max_scale_cycles + 1) or not self._tools.allows(request, wait):
                    self._give_up(request, answers)
                    raise
            else:
                if answers:
                    self._note("recovered", request, scaling_answers=answers)
                return reply
            self._retries.inc()
            if wait:
                self._note("started", request, cycle=answers // cycle, seconds=round(wait, 3))
                await self._tools.clock.sleep(wait)

    def _wait(self, answers: int, cycle: int, error: ScalingError) -> float:
        """Nothing within a cycle; then a random share of a doubling ceiling, or Retry-After if that is longer."""
        if answers % cycle:
            return 0.0
        longest = self._settings.longest_backoff_seconds
        ceiling = min(longest, self._settings.backoff_seconds * 2.0 ** (answers // cycle - 1))
        return max(self._tools.random() * ceiling, min(error.retry_after or 0.0, longest))

    def _give_up(self, request: Request, answers: int) -> None:
        self._on_spent(request)
        self._note("exhausted", request, scaling_answers=answers)

    def _note(self, event: str, request: Request, **fields: object) -> None:
        self._tools.metrics.ray_backoffs.labels(event).inc()
        self._events.info(f"llm.ray.backoff.{event}", request_id=request.id, **fields)
