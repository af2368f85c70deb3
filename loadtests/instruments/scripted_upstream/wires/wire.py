from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

JSON = "application/json"
SSE = "text/event-stream"
NDJSON = "application/x-ndjson"

_DIMENSIONS = 8


@dataclass(frozen=True, slots=True)
class Question:
    """What an upstream needs of a request to answer it in its wire format."""

    model: str
    prompt: str
    stream: bool = False
    inputs: tuple[str, ...] = ()
    include_usage: bool = False
    number: int = 0
    created: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """Content in the chunks of a stream; a unary answer joins them. Unfinished: no finish reason, no terminal event."""

    texts: tuple[str, ...]
    finish: bool = True

    @property
    def text(self) -> str:
        return "".join(self.texts)


@dataclass(frozen=True, slots=True)
class Frames:
    """A body in wire format, in the pieces it is written: opening, one piece for each content chunk, closing."""

    content_type: str
    chunks: tuple[bytes, ...]
    opening: bytes = b""
    closing: bytes = b""


class Wire(Protocol):
    """One provider's wire format as its server speaks it."""

    def question(self, path: str, body: Mapping[str, object]) -> Question: ...

    def frames(self, question: Question, answer: Answer) -> Frames: ...

    def error_event(self, message: str) -> bytes: ...

    def error_body(self, status: int, message: str) -> bytes: ...


def encoded(value: object) -> bytes:
    """JSON without spaces, as servers send it."""
    return msgspec.json.encode(value)


def sse(value: object, *, event: str | None = None) -> bytes:
    """One server-sent event with JSON data."""
    head = f"event: {event}\n".encode() if event else b""
    return head + b"data: " + encoded(value) + b"\n\n"


def text_of(body: Mapping[str, object], key: str, default: str = "") -> str:
    """The string under a key; the default where there is none or something else."""
    value = body.get(key, default)
    return value if isinstance(value, str) else default


def texts_of(value: object) -> tuple[str, ...]:
    """A string or a list of strings, as embedding endpoints take them."""
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list):
        return tuple(str(item) for item in value)
    return ()


def messages_text(body: Mapping[str, object]) -> str:
    """All message contents of a chat request, one a line, whether strings or lists of text parts."""
    messages = body.get("messages")
    if not isinstance(messages, list):
        return ""
    return "\n".join(_content_text(message.get("content")) for message in messages if isinstance(message, dict))


def _content_text(content: object) -> str:
    if isinstance(content, list):
        return " ".join(text_of(part, "text") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def vector(text: str) -> list[float]:
    """A unit-free vector that depends on the text alone."""
    digest = hashlib.sha256(text.encode()).digest()
    return [byte / 255 for byte in digest[:_DIMENSIONS]]


def words(texts: Sequence[str]) -> int:
    """Stands for a count of tokens."""
    return sum(len(text.split()) for text in texts)
