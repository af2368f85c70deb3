"""What travels along the pipeline: a Request down, a Reply (Answer, EmbeddingAnswer or Stream) up.

All are frozen; a layer that changes something passes a copy (`dataclasses.replace`). The one mutable part is
`Request.context`, which the layers of one request share for counting and for the log line.

Order of a stream: any number of chunks with content, then exactly one chunk with a `finish_reason` (it may carry
content and usage as well), then at most one chunk that has only `usage`. An iterator that ends without a
`finish_reason` breaks the contract; every other end is an exception from `errors`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TypeAlias

from services.gateway.attempts import Attempts
from services.gateway.deadline import Deadline
from services.gateway.keys.principal import Principal


class Operation(StrEnum):
    """What is asked of a model."""

    CHAT = "chat"
    EMBED = "embed"


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool call in the OpenAI shape; in a Chunk it is a delta, where id and name are empty after the first piece.

    Attributes:
        index: Position among the answer's tool calls.
        arguments: JSON text as the model wrote it, or a piece of it.
    """

    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation.

    Attributes:
        role: system, developer, user, assistant or tool.
        content: Text, OpenAI content parts (each a mapping with `type`), or None beside tool calls.
    """

    role: str
    content: str | tuple[Mapping[str, object], ...] | None
    name: str | None = None
    tool_call_id: str | None = None
    tool_calls: tuple[ToolCall, ...] = ()

    @property
    def text(self) -> str:
        """The text alone, for providers that take no parts."""
        if isinstance(self.content, str):
            return self.content
        return "".join(str(part["text"]) for part in self.content or () if part.get("type") == "text")


@dataclass(slots=True)
class RequestContext:
    """What the layers of one request share; never holds a prompt or a secret.

    Attributes:
        route: The path as the API documents it, for logs and labels.
        endpoint: The endpoint tried last; a retry prefers another.
        last_resort: Every gate of the chain is shut, so that one try passes a gate shut by failures.
    """

    attempts: Attempts = field(default_factory=Attempts)
    route: str = ""
    model: str = ""
    key_id: str | None = None
    endpoint: str | None = None
    last_resort: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """One question to the gateway.

    Attributes:
        id: The request id of logs, headers and errors; safe to forward.
        model: The public name; empty until `decode` ran.
        messages: For CHAT, at least one.
        inputs: For EMBED, at least one text.
        parameters: Other validated OpenAI parameters by their OpenAI names (top_p, stop, seed, tools, dimensions, ...),
            as plain JSON values; a provider forwards those it knows and ignores the others.
        stream: Whether a Stream is wanted; never set for EMBED.
        deadline: Instant of the gateway's clock at which the request ends.
        credential: The bearer token as sent; only the authenticate layer reads it and it is gone below.
        upstream_model: The provider's own model name; set by the fallback layer, empty above it.
        reserved_calls: Upstream calls that the layers of one provider leave to the providers after it.
        decode: Fills in what the body says; called by the validate layer, so that no body is parsed without a key.
    """

    id: str
    operation: Operation
    deadline: Deadline
    model: str = ""
    messages: tuple[Message, ...] = ()
    inputs: tuple[str, ...] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    stream: bool = False
    credential: str | None = field(default=None, repr=False)
    principal: Principal | None = None
    upstream_model: str = ""
    reserved_calls: int = 0
    decode: "Callable[[Request], Request] | None" = field(default=None, repr=False)
    context: RequestContext = field(default_factory=RequestContext, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them."""

    prompt_tokens: int
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete chat answer.

    Attributes:
        provider: Name of the provider that answered (`ollama_local`, `remote_gpu`, ...).
        model: The model that the provider says has answered, else the one that was asked of it.
        finish_reason: stop, length, tool_calls or content_filter.
        simulated: The upstream said that no real model made this text.
        degraded: Only the stub's answers are.
    """

    provider: str
    model: str
    content: str
    finish_reason: str
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    simulated: bool = False
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class EmbeddingAnswer:
    """One vector for each input, in the inputs' order."""

    provider: str
    model: str
    vectors: Sequence[Sequence[float]]
    usage: Usage | None = None
    simulated: bool = False
    degraded: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """One step of a stream; an empty one (role announcements, keep-alives) is not yielded at all."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str | None = None
    usage: Usage | None = None

    @property
    def has_content(self) -> bool:
        """Whether this is a content byte in the sense that fallback is over: non-empty text or a tool call."""
        return bool(self.text or self.tool_calls)


@dataclass(frozen=True, slots=True)
class Stream:
    """A streamed chat answer, returned after the upstream's 2xx headers and before its first content.

    Whoever holds it calls `aclose`, whatever happened before. `chunks` is read once, by one task.

    Attributes:
        chunks: See the order at the top; raises StreamCutError, UpstreamTimeoutError or ProtocolError.
        close: Ends the upstream's connection at once; may be called any number of times, never raises. Use `aclose`.
    """

    provider: str
    model: str
    chunks: AsyncIterator[Chunk]
    close: Callable[[], Awaitable[None]]
    simulated: bool = False
    degraded: bool = False

    async def aclose(self) -> None:
        await self.close()

    def wrapped(self, chunks: AsyncIterator[Chunk], close: Callable[[], Awaitable[None]]) -> "Stream":
        """The same stream read through `chunks`; `close` must also close this one."""
        return replace(self, chunks=chunks, close=close)


Reply: TypeAlias = Answer | EmbeddingAnswer | Stream
