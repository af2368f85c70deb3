from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from loadtests.instruments.history import (
    Fail,
    HistoryError,
    HistoryWriter,
    Invoke,
    Observation,
    Ok,
    Record,
    Unknown,
    UpstreamCall,
    read_history,
)

if TYPE_CHECKING:
    from pathlib import Path

INVOKE = Invoke(operation="1", nonce="n", time=2.0, intended_time=1.5, deadline_seconds=60, stream=True)
RECORDS: tuple[Record, ...] = (
    INVOKE,
    UpstreamCall(upstream="ollama_local", nonce="n", time=2.1),
    Ok(operation="1", time=3.0, seen=Observation(status=200, finish_reason="stop", nonces=("n",))),
    Fail(operation="2", time=3.0, code="http_503"),
    Unknown(operation="3", time=3.0, reason="timeout"),
)


def test_records_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "history.jsonl"
    with HistoryWriter(path) as history:
        history.extend(RECORDS)
    assert tuple(read_history(path)) == RECORDS
    assert len(path.read_bytes().splitlines()) == len(RECORDS)


def test_a_second_writer_appends(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    for _ in range(2):
        with HistoryWriter(path) as history:
            history.append(INVOKE)
    assert len(list(read_history(path))) == 2


def test_a_record_is_in_the_file_before_the_writer_closes(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path) as history:
        history.append(INVOKE)
        assert tuple(read_history(path)) == (INVOKE,)


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path) as history:
        history.extend(RECORDS)
    path.write_bytes(path.read_bytes()[:-7])
    assert tuple(read_history(path)) == RECORDS[:-1]


@pytest.mark.parametrize("line", [b'{"kind":"ok"}\n', b'{"kind":"other"}\n', b"{\n"])
def test_a_wrong_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "history.jsonl"
    with HistoryWriter(path) as history:
        history.append(INVOKE)
    path.write_bytes(path.read_bytes() + line)
    with pytest.raises(HistoryError, match="line 2"):
        list(read_history(path))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"none\.jsonl"):
        list(read_history(tmp_path / "none.jsonl"))
