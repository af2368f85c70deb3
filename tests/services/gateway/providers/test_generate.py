from collections.abc import Callable

import msgspec
import pytest

from services.gateway.messages import Message
from services.gateway.providers.dialect import InBandError
from services.gateway.providers.generate import GenerateDialect
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.wire.frame import FrameError

Ask = Callable[..., UpstreamRequest]
DIALECT = GenerateDialect("remote_gpu", "https://gpu.example/generate")


def test_a_chat_is_posted_as_one_prompt(ask: Ask) -> None:
    messages = (Message(role="user", content="hi"), Message(role="assistant", content="ho"))
    post = DIALECT.post(ask(messages=messages, max_tokens=7, temperature=0.0, parameters={"seed": 1}, stream=True))
    assert post.url == "https://gpu.example/generate"
    expected = {"prompt": "user: hi\nassistant: ho\nassistant:", "max_tokens": 7, "temperature": 0.0}
    assert msgspec.json.decode(post.body) == expected


def test_what_the_client_did_not_say_is_not_sent(ask: Ask) -> None:
    assert msgspec.json.decode(DIALECT.post(ask(messages=(Message(role="user", content="hi"),))).body) == {
        "prompt": "hi"
    }


def test_an_answer_is_read_with_its_marks(ask: Ask) -> None:
    reply = DIALECT.reply(ask(), b'{"content":"x","model":"sim-1","simulated":true,"took":1}')
    assert (reply.content, reply.model, reply.simulated, reply.finish_reason) == ("x", "sim-1", True, "stop")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"{}", FrameError), (b'{"content":1}', FrameError), (b'{"error":"secret"}', InBandError)]
)
def test_a_wrong_body_is_refused(ask: Ask, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        DIALECT.reply(ask(), body)
    assert "secret" not in str(caught.value)
