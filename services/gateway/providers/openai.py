"""The OpenAI API's shape, as OpenAI, vLLM, Ray Serve's LLM applications and Hugging Face's router speak it."""

from collections.abc import Iterator, Mapping

import msgspec

from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Message, Operation, ToolCall, Usage
from services.gateway.providers.dialect import InBandError
from services.gateway.providers.json_body import decoded
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.wire.frame import FrameError
from services.gateway.wire.sse import SseParser

_CHAT_PARAMETERS = (
    "top_p",
    "stop",
    "seed",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "presence_penalty",
    "frequency_penalty",
    "response_format",
    "logit_bias",
    "max_completion_tokens",
    "reasoning_effort",
)
_FINISH_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_FAILED = frozenset({"error", "abort"})
_DONE = b"[DONE]"


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int = 0
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)


class _Part(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_ToolCall] | None = None


class _Choice(msgspec.Struct):
    message: _Part = msgspec.field(default_factory=_Part)
    delta: _Part = msgspec.field(default_factory=_Part)
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int | None = None


class _Body(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    model: str | None = None
    simulated: bool = False
    error: object = None


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int


class _Embeddings(msgspec.Struct):
    data: list[_Vector] | None = None
    usage: _Usage | None = None
    model: str | None = None
    simulated: bool = False
    error: object = None


class OpenAIDialect:
    """Chat and embeddings below an address that ends in the API's base, such as `/v1`."""

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._address = address
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def post(self, upstream: UpstreamRequest) -> Post:
        if upstream.request.operation is Operation.EMBED:
            path, body = "/embeddings", _embedding_body(upstream)
        else:
            path, body = "/chat/completions", _chat_body(upstream)
        return Post(url=self._address + path, body=msgspec.json.encode(body), headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer | EmbeddingAnswer:
        if upstream.request.operation is Operation.EMBED:
            return self._vectors(upstream, decoded(body, _Embeddings))
        return self._answer(upstream, decoded(body, _Body))

    def reading(self, upstream: UpstreamRequest, content_type: str) -> "OpenAIReading":
        del upstream, content_type
        return OpenAIReading()

    def _answer(self, upstream: UpstreamRequest, found: _Body) -> Answer:
        choice = _only_choice(found)
        if choice is None or choice.finish_reason is None:
            raise FrameError("an answer without a finished choice")
        return Answer(
            provider=self._name,
            model=found.model or upstream.model,
            content=choice.message.content or "",
            finish_reason=_finish_reason(choice.finish_reason),
            tool_calls=_tool_calls(choice.message),
            usage=_usage(found.usage),
            simulated=found.simulated,
        )

    def _vectors(self, upstream: UpstreamRequest, found: _Embeddings) -> EmbeddingAnswer:
        if found.error is not None:
            raise InBandError
        rows = sorted(found.data or (), key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(upstream.request.inputs))):
            raise FrameError("an answer with another number of vectors than texts")
        return EmbeddingAnswer(
            provider=self._name,
            model=found.model or upstream.model,
            vectors=tuple(row.embedding for row in rows),
            usage=_usage(found.usage),
            simulated=found.simulated,
        )


class OpenAIReading:
    """Chunks from `chat.completion.chunk` events; `[DONE]` and what follows it mean nothing."""

    def __init__(self) -> None:
        self.model = ""
        self.simulated = False
        self._parser = SseParser()
        self._is_done = False

    def feed(self, data: bytes) -> Iterator[Chunk]:
        for event in self._parser.feed(data):
            if self._is_done or event.data == _DONE:
                self._is_done = True
            else:
                yield self._chunk(decoded(event.data, _Body))

    def finish(self) -> Iterator[Chunk]:
        return iter(())

    def _chunk(self, found: _Body) -> Chunk:
        self.model = self.model or found.model or ""
        self.simulated = self.simulated or found.simulated
        choice = _only_choice(found)
        if choice is None:
            return Chunk(usage=_usage(found.usage))
        return Chunk(
            text=choice.delta.content or "",
            tool_calls=_tool_calls(choice.delta),
            finish_reason=None if choice.finish_reason is None else _finish_reason(choice.finish_reason),
            usage=_usage(found.usage),
        )


def _only_choice(found: _Body) -> _Choice | None:
    if found.error is not None:
        raise InBandError
    if found.choices is None:
        raise FrameError("a body or event without choices")
    return found.choices[0] if found.choices else None


def _finish_reason(word: str) -> str:
    if word in _FAILED:
        raise InBandError
    return _FINISH_REASONS.get(word, "stop")


def _tool_calls(part: _Part) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(
            index=call.index or position,
            id=call.id or "",
            name=call.function.name or "",
            arguments=call.function.arguments or "",
        )
        for position, call in enumerate(part.tool_calls or ())
    )


def _usage(found: _Usage | None) -> Usage | None:
    return None if found is None else Usage(found.prompt_tokens, found.completion_tokens or 0)


def _embedding_body(upstream: UpstreamRequest) -> dict[str, object]:
    request = upstream.request
    body: dict[str, object] = {"model": upstream.model, "input": request.inputs, "encoding_format": "float"}
    if "dimensions" in request.parameters:
        body["dimensions"] = request.parameters["dimensions"]
    return body


def _chat_body(upstream: UpstreamRequest) -> dict[str, object]:
    request = upstream.request
    body: dict[str, object] = {
        "model": upstream.model,
        "messages": [_message(message) for message in request.messages],
        "max_tokens": request.max_tokens,
        "temperature": request.temperature,
        **{name: request.parameters[name] for name in _CHAT_PARAMETERS if name in request.parameters},
    }
    if request.stream:
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return {name: value for name, value in body.items() if value is not None}


def _message(message: Message) -> Mapping[str, object]:
    body: dict[str, object] = {"role": message.role, "content": message.content}
    if message.name is not None:
        body["name"] = message.name
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    if message.tool_calls:
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    return body
