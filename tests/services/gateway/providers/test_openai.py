from collections.abc import Callable, Sequence

import msgspec
import pytest

from services.gateway.messages import Answer, EmbeddingAnswer, Message, ToolCall, Usage
from services.gateway.providers.dialect import InBandError
from services.gateway.providers.openai import OpenAIDialect, OpenAIReading
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.wire.frame import FrameError

Ask = Callable[..., UpstreamRequest]
DIALECT = OpenAIDialect("openai", "https://api.example/v1", "key")
CALL = ToolCall(index=0, id="call_1", name="weather", arguments='{"city":"Bern"}')


def sent(upstream: UpstreamRequest) -> dict[str, object]:
    return msgspec.json.decode(DIALECT.post(upstream).body, type=dict[str, object])


def test_a_chat_is_posted_in_openais_shape(ask: Ask) -> None:
    upstream = ask(
        messages=(
            Message(role="system", content="be brief"),
            Message(role="user", content=({"type": "text", "text": "hi"},), name="ann"),
            Message(role="assistant", content=None, tool_calls=(CALL,)),
            Message(role="tool", content="sunny", tool_call_id="call_1"),
        ),
        max_tokens=7,
        temperature=0.0,
        parameters={"top_p": 0.5, "stop": ["x"], "seed": 3, "user": "ann", "n": 2, "logprobs": True},
    )
    post = DIALECT.post(upstream)
    assert post.url == "https://api.example/v1/chat/completions"
    assert post.headers == {"authorization": "Bearer key"}
    function = {"name": "weather", "arguments": '{"city":"Bern"}'}
    assert sent(upstream) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "hi"}], "name": "ann"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "call_1", "type": "function", "function": function}],
            },
            {"role": "tool", "content": "sunny", "tool_call_id": "call_1"},
        ],
        "max_tokens": 7,
        "temperature": 0.0,
        "top_p": 0.5,
        "stop": ["x"],
        "seed": 3,
    }


def test_a_stream_asks_for_its_usage(ask: Ask) -> None:
    body = sent(ask(stream=True))
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_embeddings_are_asked_for_as_floats(embed: Callable[[Sequence[str]], UpstreamRequest]) -> None:
    upstream = embed(["a", "b"])
    assert DIALECT.post(upstream).url == "https://api.example/v1/embeddings"
    assert sent(upstream) == {"model": "m", "input": ["a", "b"], "encoding_format": "float"}


def test_no_key_sends_no_authorization(ask: Ask) -> None:
    assert OpenAIDialect("p", "http://127.0.0.1/v1").post(ask()).headers == {}


def whole(ask: Ask, choice: str, rest: str = "") -> Answer:
    reply = DIALECT.reply(ask(), f'{{"choices":[{choice}]{rest}}}'.encode())
    assert isinstance(reply, Answer)
    return reply


def test_an_answer_is_read_with_its_tool_calls_and_marks(ask: Ask) -> None:
    call = '{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{\\"city\\":\\"Bern\\"}"}}'
    second = call.replace("call_1", "call_2")
    answer = whole(
        ask,
        f'{{"message":{{"content":null,"tool_calls":[{call},{second}]}},"finish_reason":"tool_calls","new":1}}',
        ',"model":"sim-1","simulated":true,"usage":{"prompt_tokens":3,"completion_tokens":4},"novel":[]',
    )
    assert (answer.content, answer.finish_reason, answer.model, answer.simulated) == ("", "tool_calls", "sim-1", True)
    assert answer.tool_calls == (CALL, ToolCall(index=1, id="call_2", name="weather", arguments=CALL.arguments))
    assert answer.usage == Usage(3, 4)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("length", "length"), ("content_filter", "content_filter"), ("function_call", "tool_calls"), ("eos", "stop")],
)
def test_finish_reasons_are_openais_four(ask: Ask, theirs: str, ours: str) -> None:
    assert whole(ask, f'{{"message":{{"content":"x"}},"finish_reason":"{theirs}"}}').finish_reason == ours


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("{}", FrameError),
        ('{"choices":[]}', FrameError),
        ('{"choices":[{"message":{"content":"x"},"finish_reason":null}]}', FrameError),
        ('{"choices":[{"message":{"content":7},"finish_reason":"stop"}]}', FrameError),
        ('{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}', InBandError),
        ('{"error":{"message":"secret"}}', InBandError),
        ("[]", FrameError),
        ("", FrameError),
        ('{"choices":', FrameError),
        ("[" * 20_000, FrameError),
        ('{"model":"\udcff"}', FrameError),
    ],
)
def test_a_wrong_body_is_refused_and_not_repeated(ask: Ask, body: str, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        DIALECT.reply(ask(), body.encode(errors="surrogateescape"))
    assert "secret" not in str(caught.value)


def test_vectors_are_put_into_the_order_of_their_texts(embed: Callable[[Sequence[str]], UpstreamRequest]) -> None:
    body = b'{"data":[{"index":1,"embedding":[2]},{"index":0,"embedding":[1]}],"usage":{"prompt_tokens":5}}'
    reply = DIALECT.reply(embed(["a", "b"]), body)
    assert isinstance(reply, EmbeddingAnswer)
    assert list(reply.vectors) == [[1.0], [2.0]]
    assert reply.usage == Usage(5)


@pytest.mark.parametrize(
    "rows", ["", '{"index":0,"embedding":[1]}', '{"index":0,"embedding":[1]},{"index":0,"embedding":[1]}']
)
def test_another_number_of_vectors_is_refused(embed: Callable[[Sequence[str]], UpstreamRequest], rows: str) -> None:
    with pytest.raises(FrameError):
        DIALECT.reply(embed(["a", "b"]), f'{{"data":[{rows}]}}'.encode())


def test_a_streams_tool_calls_keep_their_index_and_its_marks_are_noted() -> None:
    reading = OpenAIReading()
    choice = '{"delta":{"tool_calls":[{"index":1,"function":{"arguments":"{"}}]}}'
    (chunk,) = reading.feed(f'data: {{"choices":[{choice}],"model":"sim-1","simulated":true}}\n\n'.encode())
    assert chunk.tool_calls == (ToolCall(index=1, id="", name="", arguments="{"),)
    assert (reading.model, reading.simulated) == ("sim-1", True)


def test_nothing_after_done_is_read() -> None:
    assert list(OpenAIReading().feed(b"data: [DONE]\n\ndata: garbage\n\n")) == []
