"""The history of a run: one frozen record a line, appended as things happen, checked after the run.

An operation is opened by one `invoke` and closed by exactly one of `ok`, `fail` and `unknown`. `unknown` is an
operation whose end the client could not learn (the connection broke, time ran out): it may have taken effect, so it is
never counted as failed nor as done. `call` lines are what upstreams recorded; a nonce ties them to their operation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

UnknownReason = Literal["timeout", "broken", "stopped"]


class Observation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the client saw of an answer.

    Attributes:
        status: None while no response head had come.
        provider: who answered, as the gateway names it.
        done_markers: how many `[DONE]` lines came.
        error_events: how many in-band errors came.
        content_after_end: content events after an error event or a `[DONE]`.
        ended_cleanly: the HTTP body came to its proper end.
        nonces: the distinct nonces found in the content.
        repeated_marks: numbered marks that did not rise.
        first_content_time: arrival of the first non-empty delta or tool call.
    """

    status: int | None = None
    provider: str = ""
    model: str = ""
    degraded: bool = False
    simulated: bool = False
    finish_reason: str | None = None
    done_markers: int = 0
    error_events: int = 0
    error_code: str = ""
    content_after_end: int = 0
    ended_cleanly: bool = False
    nonces: tuple[str, ...] = ()
    repeated_marks: int = 0
    characters: int = 0
    first_content_time: float | None = None
    request_id: str = ""


class Invoke(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="invoke"):
    """An operation begins. Times are seconds since the epoch; `intended_time` is when the schedule wanted it sent."""

    operation: str
    nonce: str
    time: float
    intended_time: float
    deadline_seconds: float
    route: str = ""
    model: str = ""
    stream: bool = False


class Ok(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="ok"):
    """The client saw the operation complete."""

    operation: str
    time: float
    seen: Observation


class Fail(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="fail"):
    """The client was told, or knows, that the operation failed."""

    operation: str
    time: float
    code: str
    message: str = ""
    seen: Observation = Observation()


class Unknown(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="unknown"):
    """The client could not learn how the operation ended."""

    operation: str
    time: float
    reason: UnknownReason
    message: str = ""
    seen: Observation = Observation()


class UpstreamCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="call"):
    """A call that reached an upstream on behalf of the operation with that nonce."""

    upstream: str
    nonce: str
    time: float
    paid: bool = False
    model: str = ""
    status: int = 0
    ended: str = ""
    ended_time: float | None = None


Outcome = Ok | Fail | Unknown
Record = Invoke | Outcome | UpstreamCall


class HistoryError(Exception):
    """A history file cannot be read; the message names the file and the line."""


class HistoryWriter:
    """Appends records to a file; each line is flushed at once, so that a killed writer loses at most its last one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._encoder = msgspec.json.Encoder()

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._path.open("ab", buffering=0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def append(self, record: Record) -> None:
        self._file.write(self._encoder.encode(record) + b"\n")

    def extend(self, records: Iterable[Record]) -> None:
        for record in records:
            self.append(record)


def read_history(path: Path) -> Iterator[Record]:
    """The records in the order they were written; a last line without its end is left out. Raises HistoryError."""
    decoder = msgspec.json.Decoder(Record)
    try:
        with path.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.endswith(b"\n"):
                    yield _decoded(decoder, line, path, number)
    except OSError as error:
        raise HistoryError(f"{path}: {error.strerror}") from error


def _decoded(decoder: msgspec.json.Decoder[Record], line: bytes, path: Path, number: int) -> Record:
    try:
        return decoder.decode(line)
    except msgspec.DecodeError as error:
        raise HistoryError(f"{path}, line {number}: {error}") from error
