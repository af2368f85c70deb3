from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from services.gateway.errors import InvalidRequestError
from services.gateway.front.bodies import MessageBody
from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Message, Request, Stream, ToolCall

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


class Shape(Protocol):
    """One API's form of one request and of its answer; a new one for each request."""

    def decode(self, request: Request, body: bytes) -> Request:
        """The request with what the body says; raises InvalidRequestError."""
        ...

    def answer(self, reply: Answer | EmbeddingAnswer) -> bytes:
        """The JSON body of a complete answer."""
        ...


@runtime_checkable
class StreamingShape(Shape, Protocol):
    """A shape that can tell an answer piece by piece."""

    def events(self, stream: Stream, chunk: Chunk) -> list[bytes]:
        """The JSON documents that tell of one chunk, each to be sent as one event."""
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """What a shape puts into answers besides the reply.

    Attributes:
        created: Epoch seconds.
        default_model: For routes where the body may name none.
    """

    request_id: str
    created: int
    default_model: str


def messages_from(bodies: list[MessageBody]) -> tuple[Message, ...]:
    """The turns, with their text and parts as they came.

    Raises:
        InvalidRequestError: A role or a content part that no chat has.
    """
    return tuple(_message(body) for body in bodies)


def _message(body: MessageBody) -> Message:
    if body.role not in _ROLES:
        raise InvalidRequestError(
            f"a message's role is {body.role[:40]!r}, but must be one of {', '.join(sorted(_ROLES))}",
            param="messages",
        )
    calls = tuple(
        ToolCall(index, call.id, call.function.name, call.function.arguments)
        for index, call in enumerate(body.tool_calls or ())
    )
    return Message(body.role, _content(body), body.name, body.tool_call_id, calls)


def _content(body: MessageBody) -> str | tuple[Mapping[str, object], ...] | None:
    if not isinstance(body.content, list):
        return body.content
    for part in body.content:
        _check_part(part)
    return tuple(body.content)


def _check_part(part: Mapping[str, object]) -> None:
    # Here, since a part that a provider's own code stumbles over would look like that provider's failure.
    match part:
        case {"type": "text", "text": str()} | {"type": "image_url", "image_url": {"url": str()}}:
            return
        case {"type": "text" | "image_url" as kind}:
            raise InvalidRequestError(
                f"a content part of type {kind} lacks its {'text' if kind == 'text' else 'image_url.url'}",
                param="messages",
            )
        case {"type": str()}:
            return
    raise InvalidRequestError("a content part has no type; it must be text, image_url or the like", param="messages")


def marks(reply: Answer | EmbeddingAnswer | Stream) -> dict[str, object]:
    """What every answer says about where it comes from."""
    return {"provider": reply.provider, "degraded": reply.degraded, "simulated": reply.simulated}
