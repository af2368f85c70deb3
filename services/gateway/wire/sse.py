"""Server-sent events, incrementally, by the WHATWG's rules (HTML standard, section 9.2.6).

Fields other than `event` and `data` are dropped: an upstream's ids and retry times mean nothing to one answer. An event
that the stream's end leaves unfinished is not delivered; `is_partial` tells of it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.gateway.wire.frame import MAX_FRAME, FrameTooLargeError
from services.gateway.wire.line_splitter import LineSplitter

_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class ServerSentEvent:
    """One event; `event` is `message` where the stream names none."""

    data: bytes
    event: str = "message"


class SseParser:
    """Feeds on bytes as they arrive; bounded by the size of a line and of an event's data."""

    def __init__(self, *, max_line: int = MAX_FRAME, max_event: int = MAX_FRAME) -> None:
        self._lines = LineSplitter(max_line, cr_ends=True)
        self._max_event = max_event
        self._data: list[bytes] = []
        self._size = 0
        self._event = b""
        self._is_first_line = True

    @property
    def is_partial(self) -> bool:
        """Whether an event has begun that is not complete."""
        return bool(self._data or self._event) or self._lines.is_partial

    def feed(self, data: bytes) -> Iterator[ServerSentEvent]:
        """The events that `data` completes. Raises FrameTooLargeError."""
        for raw in self._lines.feed(data):
            line = raw
            if self._is_first_line:
                self._is_first_line = False
                line = raw.removeprefix(_BOM)
            if line:
                self._field(line)
            elif (event := self._dispatch()) is not None:
                yield event

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._size += len(value) + 1
            if self._size > self._max_event:
                raise FrameTooLargeError("event", self._max_event)
            self._data.append(value)
        elif name == b"event":
            self._event = value

    def _dispatch(self) -> ServerSentEvent | None:
        data, event = self._data, self._event
        self._data, self._event, self._size = [], b"", 0
        if not data:
            return None
        return ServerSentEvent(b"\n".join(data), event.decode(errors="replace") or "message")
