from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from services.gateway.front.bodies import MessageBody
from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Message, Request, Stream, ToolCall


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
    """The turns, with their text and parts as they came."""
    return tuple(_message(body) for body in bodies)


def _message(body: MessageBody) -> Message:
    calls = tuple(
        ToolCall(index, call.id, call.function.name, call.function.arguments)
        for index, call in enumerate(body.tool_calls or ())
    )
    content = tuple(body.content) if isinstance(body.content, list) else body.content
    return Message(body.role, content, body.name, body.tool_call_id, calls)


def marks(reply: Answer | EmbeddingAnswer | Stream) -> dict[str, object]:
    """What every answer says about where it comes from."""
    return {"provider": reply.provider, "degraded": reply.degraded, "simulated": reply.simulated}
