import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.wire.frame import FrameTooLargeError
from services.gateway.wire.sse import ServerSentEvent, SseParser

MIXED = "﻿: hello\ndata: é漢🙂\n\nevent: ping\ndata:{}\r\n\r\ndata: a\rdata: b\r\rid: 7\nretry: 1\n\ndata\n\n".encode()
MIXED_EVENTS = [
    ServerSentEvent("é漢🙂".encode()),
    ServerSentEvent(b"{}", "ping"),
    ServerSentEvent(b"a\nb"),
    ServerSentEvent(b""),
]


def parsed(*pieces: bytes) -> list[ServerSentEvent]:
    parser = SseParser()
    return [event for piece in pieces for event in parser.feed(piece)]


def test_events_are_read_by_the_standards_rules() -> None:
    assert parsed(MIXED) == MIXED_EVENTS


def test_every_single_split_gives_the_same_events() -> None:
    for place in range(len(MIXED) + 1):
        assert parsed(MIXED[:place], MIXED[place:]) == MIXED_EVENTS


def test_byte_by_byte_gives_the_same_events() -> None:
    assert parsed(*(bytes([byte]) for byte in MIXED)) == MIXED_EVENTS


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[ServerSentEvent]]:
    """A stream with one kind of line end, and the events it holds."""
    end = draw(st.sampled_from([b"\n", b"\r\n", b"\r"]))
    text = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
    body, events = b"", []
    for lines in draw(st.lists(st.lists(text, min_size=1, max_size=3), max_size=5)):
        body += b"".join(b"data: " + line.encode() + end for line in lines) + end
        events.append(ServerSentEvent("\n".join(lines).encode()))
    return body, events


@given(streams(), st.data())
def test_any_splits_of_any_stream_give_its_events(
    stream: tuple[bytes, list[ServerSentEvent]], data: st.DataObject
) -> None:
    body, events = stream
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))
    pieces = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert parsed(*pieces) == parsed(body) == events


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_read_without_failing_and_alike_in_any_pieces(pieces: list[bytes]) -> None:
    assert parsed(*pieces) == parsed(b"".join(pieces))


@pytest.mark.parametrize("whole", [True, False])
def test_a_line_beyond_its_limit_is_refused(whole: bool) -> None:  # noqa: FBT001 - a parameter of the table
    parser = SseParser(max_line=100)
    line = b"data: " + b"x" * 95
    with pytest.raises(FrameTooLargeError, match="line of more than 100"):
        list(parser.feed(line + b"\n\n" if whole else line))


def test_a_line_in_tiny_pieces_is_refused_as_soon_as_it_passes_its_limit() -> None:
    parser = SseParser(max_line=100)
    for _ in range(100):
        assert list(parser.feed(b"x")) == []
    with pytest.raises(FrameTooLargeError):
        list(parser.feed(b"x"))


def test_an_event_of_many_lines_beyond_its_limit_is_refused() -> None:
    parser = SseParser(max_line=100, max_event=1000)
    with pytest.raises(FrameTooLargeError, match="event of more than 1000"):
        list(parser.feed(b"data: 0123456789\n" * 100))


def test_a_line_of_the_limits_size_passes() -> None:
    parser = SseParser(max_line=100)
    assert [len(event.data) for event in parser.feed(b"data: " + b"x" * 94 + b"\n\n")] == [94]


@pytest.mark.parametrize(
    ("data", "partial"),
    [(b"", False), (b"data: a\n\n", False), (b"data: a\n", True), (b"da", True), (b"event: e\n", True)],
)
def test_an_unfinished_event_shows(data: bytes, partial: bool) -> None:  # noqa: FBT001 - a parameter of the table
    parser = SseParser()
    list(parser.feed(data))
    assert parser.is_partial is partial


def test_a_long_line_in_tiny_pieces_takes_linear_work() -> None:
    parser = SseParser(max_line=2_000_000, max_event=2_000_000)
    for _ in range(200_000):
        list(parser.feed(b"12345"))
    assert parser.is_partial
