"""POST routes that ask a model: the hot path, from the body's bytes to the answer's."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.gateway.clock import Clock
from services.gateway.config import GatewayConfig
from services.gateway.deadline import Deadline
from services.gateway.errors import RequestTimeoutError
from services.gateway.front.chat_completions import ChatCompletions
from services.gateway.front.client_watch import ClientWatch
from services.gateway.front.openai_embeddings import OpenAIEmbeddings
from services.gateway.front.plain import Chat, Embeddings, Generate
from services.gateway.front.shape import Moment, Shape, StreamingShape
from services.gateway.front.sse import EventWriter
from services.gateway.front.wire import Receive, Scope, Send, encode_headers, header, read_body, send_body
from services.gateway.messages import Operation, Reply, Request, RequestContext, Stream
from services.gateway.service import Service

_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class ModelRoute:
    """What one path makes of a body."""

    operation: Operation
    shape: Callable[[Moment], Shape]


MODEL_ROUTES: Mapping[str, ModelRoute] = {
    "/v1/chat/completions": ModelRoute(Operation.CHAT, ChatCompletions),
    "/v1/embeddings": ModelRoute(Operation.EMBED, lambda _: OpenAIEmbeddings()),
    "/generate": ModelRoute(Operation.CHAT, Generate),
    "/chat": ModelRoute(Operation.CHAT, Chat),
    "/embeddings": ModelRoute(Operation.EMBED, Embeddings),
    "/api/query": ModelRoute(Operation.CHAT, Generate),
}


class ModelFront:
    """Turns one HTTP request into a pipeline's request, and its reply into a response."""

    def __init__(self, config: GatewayConfig, service: Service, clock: Clock) -> None:
        self._config = config
        self._service = service
        self._clock = clock

    async def serve(self, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; raises GatewayError before anything was sent, or ClientLeftError at any time."""
        path = scope["path"]
        route = MODEL_ROUTES[path]
        deadline = Deadline.after(self._clock.now(), self._config.timeouts.request_seconds)
        body = await self._body(scope, receive, deadline)
        shape = route.shape(Moment(request_id, int(self._clock.wall()), self._default_model(route.operation)))
        request = Request(
            id=request_id,
            operation=route.operation,
            deadline=deadline,
            credential=credential(scope),
            decode=lambda undecoded: shape.decode(undecoded, body),
            context=RequestContext(route=path),
        )
        await self._answer(request, shape, receive, send)

    async def _body(self, scope: Scope, receive: Receive, deadline: Deadline) -> bytes:
        try:
            async with asyncio.timeout(deadline.remaining(self._clock.now())):
                return await read_body(scope, receive, self._config.limits.body_bytes)
        except TimeoutError:
            raise RequestTimeoutError("the body did not come whole in the request's time; send it faster") from None

    async def _answer(self, request: Request, shape: Shape, receive: Receive, send: Send) -> None:
        async with ClientWatch(receive):
            reply = await self._service(request)
            if isinstance(reply, Stream):
                await self._stream(request, shape, reply, send)
        if isinstance(reply, Stream):
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            await send_body(send, 200, shape.answer(reply), reply_headers(request.id, reply))

    async def _stream(self, request: Request, shape: Shape, stream: Stream, send: Send) -> None:
        try:
            if not isinstance(shape, StreamingShape):
                raise TypeError(f"{request.context.route} cannot stream")
            headers = {
                "content-type": "text/event-stream; charset=utf-8",
                "cache-control": "no-store",
                "x-accel-buffering": "no",
                **reply_headers(request.id, stream),
            }
            await send({"type": "http.response.start", "status": 200, "headers": encode_headers(headers)})
            await EventWriter(send, shape, request.id).write(stream, request.deadline, self._clock)
        finally:
            await stream.aclose()

    def _default_model(self, operation: Operation) -> str:
        if operation is Operation.EMBED:
            return self._config.default_embedding_model or ""
        return self._config.default_model


def credential(scope: Scope) -> str | None:
    """The bearer token of the Authorization header."""
    value = header(scope, b"authorization")
    if value is None or value[: len(_BEARER)].lower() != _BEARER:
        return None
    return value[len(_BEARER) :].strip()


def reply_headers(request_id: str, reply: Reply) -> dict[str, str]:
    """What every answer's head says about where it comes from."""
    headers = {"x-request-id": request_id, "x-forebay-provider": reply.provider}
    if reply.degraded:
        headers["x-forebay-degraded"] = "true"
    return headers
