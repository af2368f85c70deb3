"""Anthropic's Messages API, version 2023-06-01: the system prompt apart, max_tokens always, typed stream events."""

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from services.gateway.messages import Answer, Chunk, Message, Operation, ToolCall, Usage
from services.gateway.providers.dialect import InBandError, UnsupportedOperationError
from services.gateway.providers.json_body import arguments_object, decoded
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.wire.frame import FrameError
from services.gateway.wire.sse import SseParser

_VERSION = "2023-06-01"
# The API has no default of its own; this is below every model's limit.
_DEFAULT_MAX_TOKENS = 4096
_HIGHEST_TEMPERATURE = 1.0
_SYSTEM_ROLES = frozenset({"system", "developer"})
_DATA_URL = re.compile(r"data:(image/[\w.+-]+);base64,(.*)", re.DOTALL)
_FINISH_REASONS = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_Json = dict[str, object]


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    id: str = ""
    name: str = ""
    input: _Json = msgspec.field(default_factory=dict)


class _Usage(msgspec.Struct):
    input_tokens: int = 0
    output_tokens: int = 0


class _Message(msgspec.Struct):
    type: str = ""
    content: list[_Block] = msgspec.field(default_factory=list)
    stop_reason: str | None = None
    usage: _Usage = msgspec.field(default_factory=_Usage)
    model: str | None = None
    error: object = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: _Usage | None = None


class AnthropicDialect:
    """Chat by `/v1/messages` at the API's base address; there are no embeddings."""

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._address = address.removesuffix("/v1")
        self._headers = {"anthropic-version": _VERSION} | ({"x-api-key": api_key} if api_key else {})

    def post(self, upstream: UpstreamRequest) -> Post:
        if upstream.request.operation is not Operation.CHAT:
            raise UnsupportedOperationError("its wire format has no embeddings")
        body = msgspec.json.encode(_chat_body(upstream))
        return Post(url=f"{self._address}/v1/messages", body=body, headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer:
        found = decoded(body, _Message)
        if found.error is not None or found.type == "error":
            raise InBandError
        if found.stop_reason is None:
            raise FrameError("an answer without stop_reason")
        tools = [block for block in found.content if block.type == "tool_use"]
        return Answer(
            provider=self._name,
            model=found.model or upstream.model,
            content="".join(block.text for block in found.content if block.type == "text"),
            finish_reason=_finish_reason(found.stop_reason),
            tool_calls=tuple(
                ToolCall(index, block.id, block.name, msgspec.json.encode(block.input).decode())
                for index, block in enumerate(tools)
            ),
            usage=Usage(found.usage.input_tokens, found.usage.output_tokens),
        )

    def reading(self, upstream: UpstreamRequest, content_type: str) -> "AnthropicReading":
        del upstream, content_type
        return AnthropicReading()


class AnthropicReading:
    """Chunks from message events; unknown events are passed over, as the API asks of its clients."""

    def __init__(self) -> None:
        self.model = ""
        self.simulated = False
        self._parser = SseParser()
        self._prompt_tokens = 0
        self._tools = 0

    def feed(self, data: bytes) -> Iterator[Chunk]:
        return (self._chunk(decoded(event.data, _Event)) for event in self._parser.feed(data))

    def finish(self) -> Iterator[Chunk]:
        return iter(())

    def _chunk(self, event: _Event) -> Chunk:
        match event:
            case _Event(type="error"):
                raise InBandError
            case _Event(type="message_start", message=_Message() as message):
                self.model = message.model or ""
                self._prompt_tokens = message.usage.input_tokens
            case _Event(type="content_block_start", content_block=_Block(type="tool_use") as block):
                self._tools += 1
                return Chunk(tool_calls=(ToolCall(self._tools - 1, block.id, block.name, ""),))
            case _Event(type="content_block_delta", delta=_Delta() as delta):
                return self._delta(delta)
            case _Event(type="message_delta", delta=_Delta(stop_reason=str(reason))):
                tokens = event.usage.output_tokens if event.usage else 0
                return Chunk(finish_reason=_finish_reason(reason), usage=Usage(self._prompt_tokens, tokens))
        return Chunk()

    def _delta(self, delta: _Delta) -> Chunk:
        if delta.type == "text_delta":
            return Chunk(text=delta.text)
        if delta.type == "input_json_delta" and delta.partial_json:
            return Chunk(tool_calls=(ToolCall(max(0, self._tools - 1), "", "", delta.partial_json),))
        return Chunk()


def _finish_reason(word: str) -> str:
    return _FINISH_REASONS.get(word, "stop")


def _chat_body(upstream: UpstreamRequest) -> _Json:
    request = upstream.request
    temperature = request.temperature
    stop = request.parameters.get("stop")
    body: _Json = {
        "model": upstream.model,
        "max_tokens": request.max_tokens or _DEFAULT_MAX_TOKENS,
        "system": "\n\n".join(message.text for message in request.messages if message.role in _SYSTEM_ROLES) or None,
        "messages": [_message(message) for message in request.messages if message.role not in _SYSTEM_ROLES],
        "temperature": None if temperature is None else min(temperature, _HIGHEST_TEMPERATURE),
        "top_p": request.parameters.get("top_p"),
        "stop_sequences": [stop] if isinstance(stop, str) else stop,
        "tools": _tools(request.parameters.get("tools")),
        "tool_choice": _tool_choice(request.parameters.get("tool_choice")),
        "stream": True if request.stream else None,
    }
    return {name: value for name, value in body.items() if value is not None}


def _message(message: Message) -> _Json:
    if message.role == "tool":
        result = {"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.text}
        return {"role": "user", "content": [result]}
    calls = [
        {
            "type": "tool_use",
            "id": call.id,
            "name": call.name,
            "input": arguments_object(call.arguments),
        }
        for call in message.tool_calls
    ]
    if isinstance(message.content, str) and not calls:
        return {"role": message.role, "content": message.content}
    return {"role": message.role, "content": [*_parts(message), *calls]}


def _parts(message: Message) -> Sequence[_Json]:
    if isinstance(message.content, tuple):
        return [_part(part) for part in message.content]
    return [{"type": "text", "text": message.content}] if message.content else []


def _part(part: Mapping[str, object]) -> _Json:
    match part:
        case {"type": "text", "text": str(text)}:
            return {"type": "text", "text": text}
        case {"type": "image_url", "image_url": {"url": str(url)}}:
            return {"type": "image", "source": _image(url)}
    raise UnsupportedOperationError("its wire format lacks a kind of content part that was sent")


def _image(url: str) -> _Json:
    if inline := _DATA_URL.fullmatch(url):
        return {"type": "base64", "media_type": inline[1], "data": inline[2]}
    return {"type": "url", "url": url}


def _tools(tools: object) -> list[_Json] | None:
    if not isinstance(tools, list | tuple):
        return None
    return [_tool(tool["function"]) for tool in tools if isinstance(tool, Mapping) and "function" in tool]


def _tool(function: Mapping[str, object]) -> _Json:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    tool: _Json = {"name": function.get("name"), "input_schema": schema}
    return tool | ({"description": function["description"]} if function.get("description") else {})


def _tool_choice(choice: object) -> _Json | None:
    match choice:
        case "auto" | "none":
            return {"type": choice}
        case "required":
            return {"type": "any"}
        case {"function": {"name": str(name)}}:
            return {"type": "tool", "name": name}
    return None
