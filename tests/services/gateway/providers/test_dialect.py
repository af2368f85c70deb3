"""Every dialect's way to read a stream, fed with what the scripted upstream's wires write, in every way to cut it."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.instruments.scripted_upstream.wires import Answer, Question, wire_of
from services.gateway.messages import Chunk
from services.gateway.providers.anthropic import AnthropicReading
from services.gateway.providers.dialect import InBandError, StreamReading
from services.gateway.providers.huggingface import TextGenerationReading
from services.gateway.providers.ollama import OllamaReading
from services.gateway.providers.openai import OpenAIReading
from services.gateway.wire.frame import FrameError

READINGS: dict[str, tuple[Callable[[], StreamReading], str]] = {
    "openai": (OpenAIReading, "/v1/chat/completions"),
    "ollama": (OllamaReading, "/api/chat"),
    "anthropic": (AnthropicReading, "/v1/messages"),
    "huggingface": (TextGenerationReading, "/models/m"),
}
every_wire = pytest.mark.parametrize("name", READINGS)


def recorded(name: str) -> bytes:
    wire = wire_of(READINGS[name][1])
    assert wire is not None
    question = Question(model="m", prompt="p", stream=True, include_usage=True)
    frames = wire.frames(question, Answer(texts=("é漢", "🙂\n", "z")))
    return frames.opening + b"".join(frames.chunks) + frames.closing


def read(name: str, *pieces: bytes) -> list[Chunk]:
    reading = READINGS[name][0]()
    return [*(chunk for piece in pieces for chunk in reading.feed(piece)), *reading.finish()]


@every_wire
def test_every_single_split_reads_alike(name: str) -> None:
    body = recorded(name)
    whole = read(name, body)
    assert "".join(chunk.text for chunk in whole) == "é漢🙂\nz"
    for place in range(len(body) + 1):
        assert read(name, body[:place], body[place:]) == whole


@every_wire
def test_byte_by_byte_reads_alike(name: str) -> None:
    body = recorded(name)
    assert read(name, *(bytes([byte]) for byte in body)) == read(name, body)


@every_wire
@given(st.data())
def test_a_damaged_stream_is_read_or_refused_and_nothing_else(name: str, data: st.DataObject) -> None:
    body = bytearray(recorded(name))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        body[start : start + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    try:
        chunks = read(name, bytes(body))
    except (FrameError, InBandError):
        return
    assert all(isinstance(chunk, Chunk) for chunk in chunks)


@every_wire
@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_are_read_or_refused_and_nothing_else(name: str, pieces: list[bytes]) -> None:
    frames = [b"data: " + piece + b"\n\n" if name != "ollama" else piece + b"\n" for piece in pieces]
    try:
        read(name, *frames)
    except (FrameError, InBandError):
        return
