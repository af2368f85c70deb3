"""Writes a stream as server-sent events.

`[DONE]` is sent if and only if a finish_reason was. An end without one is an error event, and nothing after it, so that
no client can take half an answer for a whole one.
"""

import asyncio

from services.gateway.clock import Clock
from services.gateway.deadline import Deadline
from services.gateway.errors import DeadlineExceededError, GatewayError
from services.gateway.front.error_body import error_body
from services.gateway.front.shape import StreamingShape
from services.gateway.front.wire import Send
from services.gateway.messages import Stream

_DONE = b"data: [DONE]\n\n"
# For the error event of a client that reads too slowly; then the connection is closed on it.
_LAST_WORDS_SECONDS = 1.0


class EventWriter:
    """Writes the events of one stream; the response has been started and is ended by the caller."""

    def __init__(self, send: Send, shape: StreamingShape, request_id: str) -> None:
        self._send = send
        self._shape = shape
        self._request_id = request_id
        self._has_finished = False

    async def write(self, stream: Stream, deadline: Deadline, clock: Clock) -> None:
        """Write all chunks and the proper end; raises nothing but cancellation."""
        try:
            # Also bounds a client that does not read: the layers below only bound what they wait for themselves.
            async with asyncio.timeout(deadline.remaining(clock.now())):
                async for chunk in stream.chunks:
                    self._has_finished = self._has_finished or chunk.finish_reason is not None
                    for document in self._shape.events(stream, chunk):
                        await self._event(b"data: " + document + b"\n\n")
        except GatewayError as error:
            await self._fail(error)
        except TimeoutError:
            await self._fail(DeadlineExceededError("the request's time was up before its stream had ended"))
        else:
            await self._event(_DONE)

    async def _fail(self, error: GatewayError) -> None:
        words = _DONE if self._has_finished else b"data: " + error_body(error, self._request_id) + b"\n\n"
        try:
            async with asyncio.timeout(_LAST_WORDS_SECONDS):
                await self._event(words)
        except TimeoutError:
            return

    async def _event(self, event: bytes) -> None:
        await self._send({"type": "http.response.body", "body": event, "more_body": True})
