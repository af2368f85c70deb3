import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.serving.apps.wire import (
    DEPLOYMENT_ID_HEADER,
    ClientGoneError,
    CurrentId,
    RequestError,
    error_response,
    json_response,
    read_model,
    require_model,
    while_connected,
)
from services.serving.simulator.answer import Answer, answer_to, tokenize
from services.serving.simulator.batch import QueueFullError, TooLongError
from services.serving.simulator.engine import Generation, SimulatedEngine


class TextPart(BaseModel):
    """A piece of a message; only text can be answered."""

    type: Literal["text"]
    text: str


class Message(BaseModel):
    """One turn of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """What a stream says besides the answer."""

    include_usage: bool = False


class ChatRequest(BaseModel):
    """What is used of OpenAI's chat completion request; the rest is accepted and has no effect on a simulated model."""

    messages: Annotated[list[Message], Field(min_length=1, max_length=1_024)]
    model: str | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    ignore_eos: bool = False

    def last_user_message(self) -> str:
        return next((message.text() for message in reversed(self.messages) if message.role == "user"), "")


@dataclass(frozen=True, slots=True)
class ChatModel:
    """What a chat front speaks for.

    Attributes:
        name: the model's, in every answer.
        engine: sets the pace.
        filler_tokens: words after the echo.
        deployment_id: asked for at each answer, since it may change while replicas run.
        new_id: a fresh id for a completion.
        now: seconds since 1970.
    """

    name: str
    engine: SimulatedEngine
    filler_tokens: int
    deployment_id: CurrentId
    new_id: Callable[[], str]
    now: Callable[[], float]


@dataclass(frozen=True, slots=True)
class _Completion:
    """One admitted request: what will be said, and the tokens' pace."""

    model: ChatModel
    answer: Answer
    generation: Generation
    prompt_tokens: int
    completion_id: str
    include_usage: bool

    def head(self, kind: str) -> dict[str, object]:
        return {
            "id": self.completion_id,
            "object": kind,
            "created": int(self.model.now()),
            "model": self.model.name,
            "system_fingerprint": self.model.deployment_id(),
            "simulated": True,
        }

    def usage(self) -> dict[str, int]:
        answered = len(self.answer.tokens)
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": answered,
            "total_tokens": self.prompt_tokens + answered,
        }

    async def whole(self) -> dict[str, object]:
        async for _ in self.generation:
            pass
        message = {"role": "assistant", "content": "".join(self.answer.tokens)}
        choice = {"index": 0, "message": message, "finish_reason": self.answer.finish_reason, "logprobs": None}
        return self.head("chat.completion") | {"choices": [choice], "usage": self.usage()}

    async def events(self) -> AsyncIterator[bytes]:
        head = self.head("chat.completion.chunk")
        async for position in self.generation:
            delta = {"content": self.answer.tokens[position]}
            yield _event(head | {"choices": [_delta(({"role": "assistant"} | delta) if position == 0 else delta)]})
        yield _event(head | {"choices": [_delta({}, self.answer.finish_reason)]})
        if self.include_usage:
            yield _event(head | {"choices": [], "usage": self.usage()})
        yield b"data: [DONE]\n\n"


class _Reply(Response):
    """Sends a completion as it comes, and cancels it when the client leaves or the server gives the request up."""

    def __init__(self, completion: _Completion, *, stream: bool) -> None:
        super().__init__()
        self._completion = completion
        self._stream = stream

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        completion = self._completion
        try:
            if self._stream:
                await while_connected(receive, self._send_events(send))
            else:
                content = await while_connected(receive, completion.whole())
                await json_response(content, completion.model.deployment_id())(scope, receive, send)
        except ClientGoneError:
            return
        finally:
            completion.generation.cancel()

    async def _send_events(self, send: Send) -> None:
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            DEPLOYMENT_ID_HEADER: self._completion.model.deployment_id(),
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
        async for event in self._completion.events():
            await send({"type": "http.response.body", "body": event, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def chat_app(model: ChatModel) -> Starlette:
    """Return an OpenAI-shaped front: /v1/chat/completions, /v1/models, /health."""

    async def complete(request: Request) -> Response:
        try:
            asked = await read_model(request, ChatRequest)
            require_model(asked.model, model.name)
            return _Reply(_admit(model, asked), stream=bool(asked.stream))
        except RequestError as error:
            return error_response(error, model.deployment_id())

    async def models(_: Request) -> Response:
        card = {"id": model.name, "object": "model", "created": 0, "owned_by": "forebay", "simulated": True}
        return json_response({"object": "list", "data": [card]}, model.deployment_id())

    async def health(_: Request) -> Response:
        load = model.engine.load
        content = {
            "status": "ok",
            "model": model.name,
            "simulated": True,
            "deployment_id": model.deployment_id(),
            "running": load.running,
            "waiting": load.waiting,
            "kv_tokens": load.kv_used,
        }
        return json_response(content, model.deployment_id())

    return Starlette(
        routes=[
            Route("/v1/chat/completions", complete, methods=["POST"]),
            Route("/v1/models", models, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
        ]
    )


def _admit(model: ChatModel, asked: ChatRequest) -> _Completion:
    limit = asked.max_completion_tokens if asked.max_completion_tokens is not None else asked.max_tokens
    answer = answer_to(asked.last_user_message(), model.filler_tokens, limit, ignore_end=asked.ignore_eos)
    prompt_tokens = sum(len(tokenize(message.text())) for message in asked.messages)
    try:
        generation = model.engine.start(prompt_tokens, len(answer.tokens))
    except TooLongError as error:
        raise RequestError(400, "context_length_exceeded", str(error)) from None
    except QueueFullError as error:
        raise RequestError(503, "overloaded", f"{error} Try again shortly.", retry_after_seconds=1) from None
    include_usage = asked.stream_options is not None and asked.stream_options.include_usage
    return _Completion(model, answer, generation, prompt_tokens, f"chatcmpl-{model.new_id()}", include_usage)


def _delta(delta: dict[str, str], finish_reason: str | None = None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}


def _event(content: dict[str, object]) -> bytes:
    return b"data: " + json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"
