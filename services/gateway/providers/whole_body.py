from collections.abc import Callable, Iterator

from services.gateway.messages import Answer, Chunk
from services.gateway.providers.transport import MAX_BODY
from services.gateway.wire.frame import FrameTooLargeError


class WholeBodyReading:
    """Serves a unary answer as a stream: one chunk, once the body has come to its proper end."""

    def __init__(self, answer_of: Callable[[bytes], Answer]) -> None:
        self.model = ""
        self.simulated = False
        self._answer_of = answer_of
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[Chunk]:
        self._parts.append(data)
        self._size += len(data)
        if self._size > MAX_BODY:
            raise FrameTooLargeError("body", MAX_BODY)
        return iter(())

    def finish(self) -> Iterator[Chunk]:
        answer = self._answer_of(b"".join(self._parts))
        self.model, self.simulated = answer.model, answer.simulated
        yield Chunk(text=answer.content, finish_reason=answer.finish_reason, usage=answer.usage)
