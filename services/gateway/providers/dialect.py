from collections.abc import Iterator
from typing import Protocol

from services.gateway.messages import Answer, Chunk, EmbeddingAnswer
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.wire.frame import FrameError


class UnsupportedOperationError(FrameError):
    """The wire format has nothing for what was asked."""


class InBandError(Exception):
    """The provider reported a failure inside a 200 answer; its own words are not repeated."""


class StreamReading(Protocol):
    """Reads one streamed answer from its bytes, however they are cut; knows nothing of connections.

    Both methods yield what they have before they raise FrameError or InBandError.

    Attributes:
        model: The model that the provider says is answering; empty until, and unless, it has said so.
        simulated: Whether it has said that no real model is.
    """

    @property
    def model(self) -> str: ...

    @property
    def simulated(self) -> bool: ...

    def feed(self, data: bytes) -> Iterator[Chunk]: ...

    def finish(self) -> Iterator[Chunk]:
        """What is left when the body has come to its proper end."""
        ...


class Dialect(Protocol):
    """One provider's wire format: how a request is written and its answers are read. Pure, without state."""

    def post(self, upstream: UpstreamRequest) -> Post:
        """The one call that asks for it. Raises UnsupportedOperationError."""
        ...

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer | EmbeddingAnswer:
        """The whole answer. Raises FrameError or InBandError."""
        ...

    def reading(self, upstream: UpstreamRequest, content_type: str) -> StreamReading:
        """How to read a streamed answer of that media type."""
        ...
