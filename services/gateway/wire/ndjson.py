from collections.abc import Iterator

from services.gateway.wire.frame import MAX_FRAME
from services.gateway.wire.line_splitter import LineSplitter


class NdjsonParser:
    """Newline-delimited JSON: one document a line, blank lines skipped, LF or CRLF. The documents stay bytes."""

    def __init__(self, *, max_line: int = MAX_FRAME) -> None:
        self._lines = LineSplitter(max_line, cr_ends=False)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The documents that `data` completes. Raises FrameTooLargeError."""
        return (line for line in self._lines.feed(data) if line.strip())

    def finish(self) -> Iterator[bytes]:
        """The last document where its line has no end; whether it is whole, only its JSON tells."""
        last = self._lines.finish()
        if last is not None and last.strip():
            yield last
