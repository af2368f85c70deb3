import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.wire.frame import FrameTooLargeError
from services.gateway.wire.ndjson import NdjsonParser

MIXED = '{"a":"é漢🙂"}\n\r\n{"b":1}\r\n  \n{"c":"\\r"}\n[1]'.encode()
DOCUMENTS = ['{"a":"é漢🙂"}'.encode(), b'{"b":1}', b'{"c":"\\r"}', b"[1]"]


def parsed(*pieces: bytes) -> list[bytes]:
    parser = NdjsonParser()
    return [*(line for piece in pieces for line in parser.feed(piece)), *parser.finish()]


def test_every_single_split_gives_the_same_documents() -> None:
    for place in range(len(MIXED) + 1):
        assert parsed(MIXED[:place], MIXED[place:]) == DOCUMENTS


def test_byte_by_byte_gives_the_same_documents() -> None:
    assert parsed(*(bytes([byte]) for byte in MIXED)) == DOCUMENTS


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_any_bytes_are_read_alike_in_any_pieces(pieces: list[bytes]) -> None:
    assert parsed(*pieces) == parsed(b"".join(pieces))


def test_a_line_without_its_end_comes_only_at_the_end() -> None:
    parser = NdjsonParser()
    assert list(parser.feed(b'{"a":1}')) == []
    assert list(parser.finish()) == [b'{"a":1}']


@pytest.mark.parametrize("line", [b"x" * 101, b"x" * 101 + b"\n"])
def test_a_line_beyond_its_limit_is_refused(line: bytes) -> None:
    with pytest.raises(FrameTooLargeError):
        list(NdjsonParser(max_line=100).feed(line))
