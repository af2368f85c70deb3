"""uvicorn's HTTP protocol with bounds on a request's head and on a client that does not read; it has neither.

Without them a stranger holds a connection, or fills the memory, with one request that never gets as far as the
application, or with an answer that is never taken. The clock of a head starts with the connection, or with the first
byte of a later request on it.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from services.gateway.errors import GatewayError, HeadTooLargeError, InvalidRequestError, RequestTimeoutError
from services.gateway.front.error_body import error_body


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        head_seconds: From the first byte to the end of the headers.
        head_bytes: Request line and headers; at most one read more is ever held.
        stall_seconds: A client that takes nothing of a waiting answer for so long has its connection broken off.
    """

    head_seconds: ClassVar[float] = 10.0
    head_bytes: ClassVar[int] = 64 * 1024
    stall_seconds: ClassVar[float] = 30.0

    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _has_begun = False
    _is_in_head = False
    _size = 0
    _unsent = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its parent has it
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_stall()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch_stall()

    def resume_writing(self) -> None:
        self._stop_stall()
        super().resume_writing()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head and not self.transport.is_closing():
            self._size += len(data)
            if self._size > self.head_bytes:
                self._refuse(HeadTooLargeError(f"the headers are larger than {self.head_bytes} bytes; send less"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_head, self._size = True, 0
        if self._timer is None:
            self._start_timer()

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        self._stop_timer()
        super().on_headers_complete()
        self._has_begun = True

    def send_400_response(self, msg: str) -> None:
        del msg
        self._refuse(InvalidRequestError("the request is not valid HTTP; send HTTP/1.1"))

    def _start_timer(self) -> None:
        self._timer = self.loop.call_later(self.head_seconds, self._on_late)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _stop_stall(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def _watch_stall(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self.stall_seconds, self._on_stall)

    def _on_stall(self) -> None:
        # A large answer is one write: a client that is slow but reads must not lose it.
        if self.transport.get_write_buffer_size() < self._unsent:
            self._watch_stall()
        else:
            self.transport.abort()

    def _on_late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self._refuse(RequestTimeoutError("the headers did not come whole in time; send them faster"))

    def _refuse(self, error: GatewayError) -> None:
        if not self._is_answering():
            body = error_body(error, "")
            head = b"content-type: application/json\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body)
            self.transport.write(STATUS_LINE[error.status] + head + body)
        # Where an earlier answer of the connection is still being written, words of ours would only garble it.
        self.transport.close()

    def _is_answering(self) -> bool:
        return self._has_begun and not self.cycle.response_complete
