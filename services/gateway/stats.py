from functools import partial

from services.gateway.classify import ResponseClass, classify
from services.gateway.clock import Clock
from services.gateway.errors import BreakerOpenError, GatewayError
from services.gateway.messages import Reply, Request, Stream
from services.gateway.service import Service
from services.gateway.streams import watch
from services.gateway.telemetry.metrics import Metrics


class EndpointStats:
    """What is known of one endpoint from the traffic that it had; nothing is probed for it.

    Attributes:
        last_check: Epoch seconds of the last result, None before the first.
        latency_ms: Of the last complete answer.
        last_error: The error's sentence since the last success; safe to show.
    """

    def __init__(self) -> None:
        self.success_count = 0
        self.error_count = 0
        self.in_flight = 0
        self.last_check: float | None = None
        self.latency_ms = 0.0
        self.last_error: str | None = None

    def note(self, outcome: BaseException | None, wall: float, seconds: float) -> None:
        result = classify(outcome)
        if result is ResponseClass.IGNORED:
            return
        self.last_check = wall
        if outcome is None:
            self.success_count += 1
            self.latency_ms = round(seconds * 1000, 1)
            self.last_error = None
        else:
            self.error_count += 1
            self.last_error = str(outcome) if isinstance(outcome, GatewayError) else "internal error"


class StatsLayer:
    """Counts and times each attempt at one endpoint, a stream to its end.

    Above: balance. Below: the breaker, whose refusals are no attempts and are not counted.
    """

    def __init__(self, labels: tuple[str, str], stats: EndpointStats, metrics: Metrics, clock: Clock) -> None:
        self._stats = stats
        self._metrics = metrics
        self._clock = clock
        self._labels = labels
        self._seconds = metrics.attempt_seconds.labels(labels[0])

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        end = partial(self._end, self._clock.now())
        self._stats.in_flight += 1
        try:
            reply = await service(request)
        except BaseException as error:
            end(error)
            raise
        if isinstance(reply, Stream):
            return watch(reply, end)
        end(None)
        return reply

    def _end(self, began: float, outcome: BaseException | None) -> None:
        self._stats.in_flight -= 1
        if isinstance(outcome, BreakerOpenError):
            return
        seconds = self._clock.now() - began
        self._stats.note(outcome, self._clock.wall(), seconds)
        self._metrics.attempts.labels(*self._labels, _result(outcome)).inc()
        self._seconds.observe(seconds)


def _result(outcome: BaseException | None) -> str:
    if outcome is None:
        return "success"
    if isinstance(outcome, GatewayError):
        return outcome.code
    return "internal_error" if isinstance(outcome, Exception) else "cancelled"
