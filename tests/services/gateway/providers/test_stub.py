from collections.abc import Callable, Sequence

import pytest

from services.gateway.errors import ProtocolError
from services.gateway.messages import Answer, Stream
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.stub import STUB_TEXT, StubProvider

STUB = StubProvider("local_stub")


async def test_its_answer_is_marked_and_says_what_it_is(ask: Callable[..., UpstreamRequest]) -> None:
    reply = await STUB.send(ask())
    assert isinstance(reply, Answer)
    assert (reply.provider, reply.degraded, reply.finish_reason) == ("local_stub", True, "stop")
    assert "not a model's answer" in reply.content


async def test_its_stream_is_marked_and_ends_with_a_finish_reason(ask: Callable[..., UpstreamRequest]) -> None:
    reply = await STUB.send(ask(stream=True))
    assert isinstance(reply, Stream)
    assert reply.degraded
    chunks = [chunk async for chunk in reply.chunks]
    await reply.aclose()
    assert "".join(chunk.text for chunk in chunks) == STUB_TEXT
    assert [chunk.finish_reason for chunk in chunks] == [None, "stop"]


async def test_it_invents_no_vectors(embed: Callable[[Sequence[str]], UpstreamRequest]) -> None:
    with pytest.raises(ProtocolError):
        await STUB.send(embed(["a"]))
