from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from services.gateway.errors import InvalidRequestError

_T = TypeVar("_T")


class MessageBody(msgspec.Struct):
    """One turn of a conversation, as OpenAI's API has it."""

    role: str
    content: str | list[dict[str, Any]] | None = None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: list["ToolCallBody"] | None = None


class FunctionBody(msgspec.Struct):
    """The function of a tool call."""

    name: str
    arguments: str = ""


class ToolCallBody(msgspec.Struct):
    """A tool call that an assistant made earlier."""

    id: str
    function: FunctionBody


class StreamOptions(msgspec.Struct):
    """Options of a stream."""

    include_usage: bool = False


class ChatCompletionBody(msgspec.Struct):
    """POST /v1/chat/completions; fields that no provider here knows are ignored, as clients send more each year."""

    model: str
    messages: list[MessageBody]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, Any] | None = None
    logit_bias: dict[str, float] | None = None
    reasoning_effort: str | None = None


class EmbeddingsBody(msgspec.Struct):
    """POST /v1/embeddings; token ids as input are refused, since providers count tokens differently."""

    model: str
    input: str | list[str]
    encoding_format: str = "float"
    dimensions: int | None = None


class GenerateBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /generate and POST /api/query."""

    prompt: str
    max_tokens: int | None = None
    temperature: float | None = None
    model: str | None = None


class ChatBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /chat."""

    messages: list[MessageBody]
    max_tokens: int | None = None
    temperature: float | None = None
    model: str | None = None


class PlainEmbeddingsBody(msgspec.Struct, forbid_unknown_fields=True):
    """POST /embeddings; `input` or `prompt`, as Ollama has it."""

    input: str | list[str] | None = None
    prompt: str | None = None
    model: str | None = None


def decode_body(decode: Callable[[bytes], _T], body: bytes) -> _T:
    """Parse a body.

    Raises:
        InvalidRequestError: It is no JSON, nested too deep, or not of the type; the message quotes no value.
    """
    try:
        return decode(body)
    except msgspec.ValidationError as error:
        text = str(error)
        place = text.rpartition(" - at `$.")[2].rstrip("`") if " - at `$." in text else None
        raise InvalidRequestError(f"the body is not what this route takes: {text}", param=place) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise InvalidRequestError("the body is not valid JSON in UTF-8; send a JSON object") from None
