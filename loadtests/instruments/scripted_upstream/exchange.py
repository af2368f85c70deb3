"""What one request gets: the step's answer in the request's wire format, with the step's mishap at its place.

The body is a list of pieces (opening, one for each chunk, closing). A mishap placed by chunks strikes between pieces,
one placed by bytes splits a piece. Both come down to one list of writes and one point where the mishap happens.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from loadtests.instruments.nonce import mark, nonces_in
from loadtests.instruments.scripted_upstream.script import Cut, Garbage, InBandError, Oversize, Stall
from loadtests.instruments.scripted_upstream.wires import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.instruments.clock import Clock
    from loadtests.instruments.scripted_upstream.connection import Connection
    from loadtests.instruments.scripted_upstream.request import Request
    from loadtests.instruments.scripted_upstream.script import Mishap, Step
    from loadtests.instruments.scripted_upstream.wires import Frames, Question, Wire

_LAST_CHUNK = b"0\r\n\r\n"
_NO_NONCE = "nonce-none"


class Piece(NamedTuple):
    """Bytes to write; whether they hold a content chunk, which a token delay comes before."""

    body: bytes
    is_chunk: bool = False


class EndedEarlyError(Exception):
    """The script cut the answer; what is left of it is not sent."""


def answer_of(question: Question, step: Step) -> Answer:
    """The content: the step's text in as many pieces as it has tokens, or the request's nonce, numbered."""
    if step.text is None:
        nonce = next(iter(nonces_in(question.prompt)), _NO_NONCE)
        return Answer(texts=tuple(mark(nonce, number) for number in range(step.tokens)), finish=step.finish)
    size = max(1, -(-len(step.text) // max(1, step.tokens)))
    texts = tuple(step.text[start : start + size] for start in range(0, len(step.text), size))
    return Answer(texts=texts, finish=step.finish)


def pieces_of(frames: Frames) -> tuple[Piece, ...]:
    """The frames in the order they are written, without empty ones."""
    chunks = tuple(Piece(chunk, is_chunk=True) for chunk in frames.chunks)
    return tuple(piece for piece in (Piece(frames.opening), *chunks, Piece(frames.closing)) if piece.body)


def split_at_mishap(pieces: tuple[Piece, ...], mishap: Mishap) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """The pieces before and after the mishap's place; all come before it when the body is shorter."""
    if mishap.after_chunks is not None:
        return _split_by_chunks(pieces, mishap.after_chunks)
    return _split_by_bytes(pieces, mishap.after_bytes or 0)


def _split_by_chunks(pieces: tuple[Piece, ...], chunks: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    for index, piece in enumerate(pieces):
        if piece.is_chunk and chunks == 0:
            return pieces[:index], pieces[index:]
        chunks -= piece.is_chunk
        if chunks == 0 and piece.is_chunk:
            return pieces[: index + 1], pieces[index + 1 :]
    return pieces, ()


def _split_by_bytes(pieces: tuple[Piece, ...], size: int) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    for index, piece in enumerate(pieces):
        if size < len(piece.body):
            head, tail = Piece(piece.body[:size], piece.is_chunk), Piece(piece.body[size:])
            return (*pieces[:index], head), (tail, *pieces[index + 1 :])
        size -= len(piece.body)
    return pieces, ()


class Writer:
    """Writes one HTTP answer piece by piece and counts what was sent."""

    def __init__(self, connection: Connection, step: Step, clock: Clock) -> None:
        self._connection = connection
        self._step = step
        self._clock = clock
        self.status = 0
        self.chunks_sent = 0
        self.bytes_sent = 0
        self.closes = step.framing == "eof"

    async def head(self, status: int, headers: dict[str, str], *, length: int | None) -> None:
        if self.closes:
            framing = {"connection": "close"}
        elif length is None:
            framing = {"transfer-encoding": "chunked"}
        else:
            framing = {"content-length": str(length)}
        self.status = status
        self._chunked = "transfer-encoding" in framing
        merged = headers | framing | {name.lower(): value for name, value in self._step.headers.items()}
        lines = "".join(f"{name}: {value}\r\n" for name, value in merged.items())
        await self._connection.write(f"HTTP/1.1 {status} {_reason(status)}\r\n{lines}\r\n".encode("latin-1"))

    async def pieces(self, pieces: tuple[Piece, ...]) -> None:
        for piece in pieces:
            if piece.is_chunk and self._step.token_delay:
                await self._clock.sleep(self._step.token_delay)
            await self.body(piece.body)
            self.chunks_sent += piece.is_chunk

    async def body(self, data: bytes) -> None:
        if not data:
            return
        self.bytes_sent += len(data)
        await self._connection.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    async def end(self) -> None:
        if self.closes:
            self._connection.close()
        elif self._chunked:
            await self._connection.write(_LAST_CHUNK)


class Exchange:
    """Answers one request as its step says. `released` ends every stall that has no time of its own."""

    def __init__(
        self, writer: Writer, connection: Connection, clock: Clock, released: Callable[[], asyncio.Event]
    ) -> None:
        self._writer = writer
        self._connection = connection
        self._clock = clock
        self._released = released

    async def run(self, request: Request, wire: Wire, question: Question, step: Step) -> None:
        """Sends the whole answer. Raises EndedEarlyError where the script cuts it."""
        if step.delay:
            await self._clock.sleep(step.delay)
        if step.mishap is not None and step.mishap.before_headers:
            await self._strike(step.mishap, wire)
        if not HTTPStatus(200) <= step.status < HTTPStatus.MULTIPLE_CHOICES:
            await self._refuse(request, wire, step)
            return
        await self._answer(wire.frames(question, answer_of(question, step)), wire, question, step)

    async def _refuse(self, request: Request, wire: Wire, step: Step) -> None:
        message = step.message
        if step.echo_authorization:
            secret = request.headers.get("authorization") or request.headers.get("x-api-key", "")
            message = f"{message}: {secret}"
        body = wire.error_body(step.status, message)
        await self._writer.head(step.status, {"content-type": "application/json"}, length=len(body))
        await self._writer.body(body)
        await self._writer.end()

    async def _answer(self, frames: Frames, wire: Wire, question: Question, step: Step) -> None:
        pieces = pieces_of(frames)
        mishap = step.mishap if step.mishap is not None and not step.mishap.before_headers else None
        before, after = split_at_mishap(pieces, mishap) if mishap else (pieces, ())
        whole = isinstance(mishap, Cut) and mishap.manner != "end"
        length = sum(len(piece.body) for piece in pieces) if mishap is None or whole else None
        await self._writer.head(
            step.status, {"content-type": frames.content_type}, length=None if question.stream else length
        )
        await self._writer.pieces(before)
        if mishap is not None:
            await self._strike(mishap, wire)
        await self._writer.pieces(after)
        await self._writer.end()

    async def _strike(self, mishap: Mishap, wire: Wire) -> None:
        match mishap:
            case Stall(seconds=None):
                await self._released().wait()
            case Stall(seconds=float(seconds)):
                await self._clock.sleep(seconds)
            case Cut():
                await self._cut(mishap)
            case Garbage(text=text):
                await self._put(text.encode(), mishap)
            case Oversize(size=size):
                await self._put(b"x" * size + b"\n", mishap)
            case InBandError(message=message):
                await self._put(wire.error_event(message), mishap)
                await self._writer.end()
                raise EndedEarlyError

    async def _put(self, data: bytes, mishap: Mishap) -> None:
        if mishap.before_headers:
            await self._connection.write(data)
        else:
            await self._writer.body(data)

    async def _cut(self, cut: Cut) -> None:
        if cut.manner == "reset":
            # lets what was written leave first, else the reset would overtake it
            await asyncio.sleep(0)
            self._connection.reset()
        elif cut.manner == "close" or cut.before_headers:
            self._connection.close()
        else:
            await self._writer.end()
        raise EndedEarlyError


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Scripted"
