from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec

from services.gateway.errors import InvalidRequestError
from services.gateway.front.bodies import ChatCompletionBody, decode_body
from services.gateway.front.shape import Moment, marks, messages_from
from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Request, Stream, ToolCall, Usage

_DECODER = msgspec.json.Decoder(ChatCompletionBody)
_ENCODER = msgspec.json.Encoder()
_PASSED_ON = (
    "top_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "response_format",
    "logit_bias",
    "reasoning_effort",
)


class ChatCompletions:
    """POST /v1/chat/completions (https://platform.openai.com/docs/api-reference/chat)."""

    def __init__(self, moment: Moment) -> None:
        self._moment = moment
        self._include_usage = False
        self._has_begun = False

    def decode(self, request: Request, body: bytes) -> Request:
        parsed = decode_body(_DECODER.decode, body)
        if parsed.n not in {None, 1}:
            raise InvalidRequestError(
                f"n is {parsed.n}, but only 1 is possible; send the request again for more", param="n"
            )
        _check_tools(parsed.tools or [])
        self._include_usage = parsed.stream_options is not None and parsed.stream_options.include_usage
        given = ((name, getattr(parsed, name)) for name in _PASSED_ON)
        return replace(
            request,
            model=parsed.model,
            messages=messages_from(parsed.messages),
            max_tokens=parsed.max_completion_tokens if parsed.max_tokens is None else parsed.max_tokens,
            temperature=parsed.temperature,
            parameters={name: value for name, value in given if value is not None},
            stream=bool(parsed.stream),
        )

    def answer(self, reply: Answer | EmbeddingAnswer) -> bytes:
        if not isinstance(reply, Answer):
            raise TypeError("a chat was answered with embeddings")
        message: dict[str, object] = {
            "role": "assistant",
            "content": reply.content or None if reply.tool_calls else reply.content,
        }
        if reply.tool_calls:
            message["tool_calls"] = [_tool_call(call, is_delta=False) for call in reply.tool_calls]
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}
        return _ENCODER.encode(
            {
                **self._frame("chat.completion", reply.model),
                "choices": [choice],
                "usage": usage_body(reply.usage),
                **marks(reply),
            }
        )

    def events(self, stream: Stream, chunk: Chunk) -> list[bytes]:
        frame = self._frame("chat.completion.chunk", stream.model)
        if self._include_usage:
            frame["usage"] = None
        events = []
        if chunk.has_content or chunk.finish_reason is not None:
            choice = {"index": 0, "delta": self._delta(chunk), "finish_reason": chunk.finish_reason, "logprobs": None}
            first = {} if self._has_begun else marks(stream)
            self._has_begun = True
            events.append(_ENCODER.encode({**frame, "choices": [choice], **first}))
        if self._include_usage and chunk.usage is not None:
            events.append(_ENCODER.encode({**frame, "choices": [], "usage": usage_body(chunk.usage)}))
        return events

    def _frame(self, kind: str, model: str) -> dict[str, object]:
        return {
            "id": f"chatcmpl-{self._moment.request_id}",
            "object": kind,
            "created": self._moment.created,
            "model": model,
        }

    def _delta(self, chunk: Chunk) -> dict[str, object]:
        delta: dict[str, object] = {} if self._has_begun else {"role": "assistant", "content": ""}
        if chunk.text:
            delta["content"] = chunk.text
        if chunk.tool_calls:
            delta["tool_calls"] = [_tool_call(call, is_delta=True) for call in chunk.tool_calls]
        return delta


def _check_tools(tools: Sequence[Mapping[str, object]]) -> None:
    for tool in tools:
        match tool:
            case {"type": "function", "function": {"name": str()}}:
                continue
        raise InvalidRequestError(
            'each of tools must be {"type": "function", "function": {"name": TEXT, ...}}', param="tools"
        )


def usage_body(usage: Usage | None) -> dict[str, int] | None:
    """OpenAI's usage object."""
    if usage is None:
        return None
    total = usage.prompt_tokens + usage.completion_tokens
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": total,
    }


def _tool_call(call: ToolCall, *, is_delta: bool) -> dict[str, object]:
    function = {"arguments": call.arguments, **({"name": call.name} if call.name else {})}
    body: dict[str, object] = {"function": function}
    if call.id:
        body |= {"id": call.id, "type": "function"}
    return {"index": call.index, **body} if is_delta else body
