"""Splits a byte stream into lines whatever way it arrives.

Work is linear in the bytes: a piece without a line end is only kept, so that a long line in tiny pieces is joined once.
Line ends are single bytes below 0x80, so that no character of UTF-8 is ever cut by them.
"""

from collections.abc import Iterator

from services.gateway.wire.frame import FrameTooLargeError


class LineSplitter:
    """Lines without their ends; LF, CRLF and, where `cr_ends` is set, a lone CR end a line.

    Attributes:
        limit: Bytes of the longest line.
    """

    def __init__(self, limit: int, *, cr_ends: bool) -> None:
        self._limit = limit
        self._cr_ends = cr_ends
        self._parts: list[bytes] = []
        self._size = 0
        self._after_cr = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that `data` completes. Raises FrameTooLargeError."""
        if self._after_cr and data:
            self._after_cr = False
            data = data.removeprefix(b"\n")
        lines = self._split(data)
        rest = lines.pop()
        for line in lines:
            yield self._joined(line)
        if rest:
            self._keep(rest)

    @property
    def is_partial(self) -> bool:
        """Whether a line has begun that has no end yet."""
        return bool(self._parts)

    def finish(self) -> bytes | None:
        """The last line where it has no end; None when there is none."""
        return self._joined(b"") if self._parts else None

    def _split(self, data: bytes) -> list[bytes]:
        if not self._cr_ends or b"\r" not in data:
            return data.split(b"\n")
        self._after_cr = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")

    def _keep(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > self._limit:
            raise FrameTooLargeError("line", self._limit)

    def _joined(self, end: bytes) -> bytes:
        if self._parts:
            end = b"".join((*self._parts, end))
            self._parts.clear()
            self._size = 0
        if len(end) > self._limit:
            raise FrameTooLargeError("line", self._limit)
        return end if self._cr_ends else end.removesuffix(b"\r")
