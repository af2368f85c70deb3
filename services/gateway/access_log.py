import asyncio
from dataclasses import dataclass
from functools import partial

from services.gateway.clock import Clock
from services.gateway.errors import GatewayError
from services.gateway.messages import Chunk, EmbeddingAnswer, Reply, Request, Stream, Usage
from services.gateway.service import Service
from services.gateway.streams import watch
from services.gateway.telemetry.events import Events
from services.gateway.telemetry.metrics import Metrics


@dataclass(slots=True)
class _Outcome:
    began: float
    reply: Reply | None = None
    usage: Usage | None = None


class AccessLogLayer:
    """One log line and the request metrics for each request, at the end of its answer; nothing of prompt or answer.

    Above: nothing, so that every outcome is seen. Below: the error map, so that each failure has a code.
    """

    def __init__(self, events: Events, metrics: Metrics, clock: Clock) -> None:
        self._events = events
        self._metrics = metrics
        self._clock = clock

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        outcome = _Outcome(self._clock.now())
        self._metrics.in_flight.inc()
        try:
            outcome.reply = reply = await service(request)
        except BaseException as error:
            self._end(request, outcome, error)
            raise
        if not isinstance(reply, Stream):
            outcome.usage = reply.usage
            self._end(request, outcome, None)
            return reply
        watched = watch(reply, partial(self._end, request, outcome))
        return watched.wrapped(_UsageSeen(watched, outcome), watched.aclose)

    def _end(self, request: Request, outcome: _Outcome, error: BaseException | None) -> None:
        self._metrics.in_flight.dec()
        seconds = self._clock.now() - outcome.began
        code, context, reply = _code(error), request.context, outcome.reply
        provider = reply.provider if reply is not None else "none"
        is_degraded = reply is not None and reply.degraded
        self._metrics.requests.labels(context.route, provider, "degraded" if is_degraded and not error else code).inc()
        self._metrics.request_seconds.labels(context.route).observe(seconds)
        if is_degraded:
            self._metrics.degraded.labels(context.route).inc()
        if outcome.usage is not None:
            self._metrics.tokens.labels(provider, "prompt").inc(outcome.usage.prompt_tokens)
            self._metrics.tokens.labels(provider, "completion").inc(outcome.usage.completion_tokens)
        self._events.info(
            "gateway.request",
            request_id=request.id,
            route=context.route,
            outcome=code,
            seconds=round(seconds, 4),
            model=context.model,
            key_id=context.key_id,
            provider=provider,
            endpoint=context.endpoint,
            upstream_calls=context.attempts.used,
            degraded=is_degraded,
            stream=isinstance(reply, Stream),
            embeddings=isinstance(reply, EmbeddingAnswer),
        )


class _UsageSeen:
    __slots__ = ("_outcome", "_stream")

    def __init__(self, stream: Stream, outcome: _Outcome) -> None:
        self._stream = stream
        self._outcome = outcome

    def __aiter__(self) -> "_UsageSeen":
        return self

    async def __anext__(self) -> Chunk:
        chunk = await anext(self._stream.chunks)
        if chunk.usage is not None:
            self._outcome.usage = chunk.usage
        return chunk


def _code(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    if isinstance(error, GatewayError):
        return error.code
    return "cancelled" if isinstance(error, asyncio.CancelledError | GeneratorExit) else "internal_error"
