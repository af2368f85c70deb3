"""Ollama's own API: NDJSON from `/api/chat`, vectors from `/api/embed`.

Its own rather than its OpenAI-compatible one, because only this tells `done_reason`, counts and in-stream errors apart.
"""

from collections.abc import Iterator, Mapping

import msgspec

from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Message, Operation, ToolCall, Usage
from services.gateway.providers.dialect import InBandError
from services.gateway.providers.json_body import arguments_object, decoded
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.wire.frame import FrameError
from services.gateway.wire.ndjson import NdjsonParser

_OPTIONS = ("top_p", "stop", "seed", "presence_penalty", "frequency_penalty")
_Json = dict[str, object]


class _Function(msgspec.Struct):
    name: str
    arguments: _Json = msgspec.field(default_factory=dict)


class _ToolCall(msgspec.Struct):
    function: _Function


class _Message(msgspec.Struct):
    content: str = ""
    tool_calls: list[_ToolCall] | None = None


class _Line(msgspec.Struct):
    message: _Message | None = None
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int = 0
    eval_count: int = 0
    model: str | None = None
    error: object = None


class _Embeddings(msgspec.Struct):
    embeddings: list[list[float]] | None = None
    prompt_eval_count: int = 0
    model: str | None = None
    error: object = None


class OllamaDialect:
    """Chat and embeddings of an Ollama server, from 0.17.1 on, at its base address."""

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._address = address
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def post(self, upstream: UpstreamRequest) -> Post:
        request = upstream.request
        if request.operation is Operation.EMBED:
            path, body = "/api/embed", _embedding_body(upstream)
        else:
            path, body = "/api/chat", _chat_body(upstream)
        return Post(url=self._address + path, body=msgspec.json.encode(body), headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer | EmbeddingAnswer:
        if upstream.request.operation is Operation.EMBED:
            return self._vectors(upstream, decoded(body, _Embeddings))
        line = _checked(decoded(body, _Line))
        if not line.done or line.message is None:
            raise FrameError("an answer that is not done")
        calls = _tool_calls(line.message, first=0)
        return Answer(
            provider=self._name,
            model=line.model or upstream.model,
            content=line.message.content,
            finish_reason=_finish_reason(line, has_tool_calls=bool(calls)),
            tool_calls=calls,
            usage=Usage(line.prompt_eval_count, line.eval_count),
        )

    def reading(self, upstream: UpstreamRequest, content_type: str) -> "OllamaReading":
        del upstream, content_type
        return OllamaReading()

    def _vectors(self, upstream: UpstreamRequest, found: _Embeddings) -> EmbeddingAnswer:
        if found.error is not None:
            raise InBandError
        vectors = found.embeddings or []
        if len(vectors) != len(upstream.request.inputs):
            raise FrameError("an answer with another number of vectors than texts")
        return EmbeddingAnswer(
            provider=self._name,
            model=found.model or upstream.model,
            vectors=vectors,
            usage=Usage(found.prompt_eval_count),
        )


class OllamaReading:
    """Chunks from the lines of a chat; tool calls are numbered over the whole answer."""

    def __init__(self) -> None:
        self.model = ""
        self.simulated = False
        self._parser = NdjsonParser()
        self._tool_calls = 0

    def feed(self, data: bytes) -> Iterator[Chunk]:
        return (self._chunk(line) for line in self._parser.feed(data))

    def finish(self) -> Iterator[Chunk]:
        return (self._chunk(line) for line in self._parser.finish())

    def _chunk(self, line: bytes) -> Chunk:
        found = _checked(decoded(line, _Line))
        self.model = self.model or found.model or ""
        if found.message is None:
            raise FrameError("a line without a message")
        calls = _tool_calls(found.message, first=self._tool_calls)
        self._tool_calls += len(calls)
        if not found.done:
            return Chunk(text=found.message.content, tool_calls=calls)
        return Chunk(
            text=found.message.content,
            tool_calls=calls,
            finish_reason=_finish_reason(found, has_tool_calls=self._tool_calls > 0),
            usage=Usage(found.prompt_eval_count, found.eval_count),
        )


def _checked(line: _Line) -> _Line:
    if line.error is not None:
        raise InBandError
    return line


def _finish_reason(line: _Line, *, has_tool_calls: bool) -> str:
    if has_tool_calls:
        return "tool_calls"
    return "length" if line.done_reason == "length" else "stop"


def _tool_calls(message: _Message, *, first: int) -> tuple[ToolCall, ...]:
    return tuple(
        ToolCall(
            index=index,
            id=f"call_{index}",
            name=call.function.name,
            arguments=msgspec.json.encode(call.function.arguments).decode(),
        )
        for index, call in enumerate(message.tool_calls or (), start=first)
    )


def _embedding_body(upstream: UpstreamRequest) -> _Json:
    body: _Json = {"model": upstream.model, "input": upstream.request.inputs}
    if "dimensions" in upstream.request.parameters:
        body["dimensions"] = upstream.request.parameters["dimensions"]
    return body


def _chat_body(upstream: UpstreamRequest) -> _Json:
    request = upstream.request
    options: _Json = {"num_predict": request.max_tokens, "temperature": request.temperature}
    options |= {name: request.parameters[name] for name in _OPTIONS if name in request.parameters}
    if isinstance(options.get("stop"), str):
        options["stop"] = [options["stop"]]
    body: _Json = {
        "model": upstream.model,
        "messages": [_message(message) for message in request.messages],
        # Always said: Ollama streams unless told not to.
        "stream": request.stream,
        "options": {name: value for name, value in options.items() if value is not None},
    }
    if "tools" in request.parameters:
        body["tools"] = request.parameters["tools"]
    if request.parameters.get("reasoning_effort", "none") == "none":
        # A thinking model sends no content while it thinks, so that each attempt would end in its timeout. Where it is
        # asked for it is left to the model: Ollama refuses to be told so of a model that cannot think.
        body["think"] = False
    if (shape := _format(request.parameters.get("response_format"))) is not None:
        body["format"] = shape
    return body


def _format(response_format: object) -> object:
    match response_format:
        case {"type": "json_object"}:
            return "json"
        case {"type": "json_schema", "json_schema": {"schema": schema}}:
            return schema
    return None


def _message(message: Message) -> Mapping[str, object]:
    role = "system" if message.role == "developer" else message.role
    body: _Json = {"role": role, "content": message.text}
    if message.tool_calls:
        body["tool_calls"] = [
            {"function": {"name": call.name, "arguments": arguments_object(call.arguments)}}
            for call in message.tool_calls
        ]
    if message.role == "tool" and message.name is not None:
        body["tool_name"] = message.name
    return body
