from collections.abc import Callable

import msgspec
import pytest

from services.gateway.messages import Answer, Message, ToolCall
from services.gateway.providers.ollama import OllamaDialect, OllamaReading
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.wire.frame import FrameError

Ask = Callable[..., UpstreamRequest]
DIALECT = OllamaDialect("ollama_local", "http://127.0.0.1:11434")


def sent(upstream: UpstreamRequest) -> dict[str, object]:
    return msgspec.json.decode(DIALECT.post(upstream).body, type=dict[str, object])


def test_a_chat_is_posted_with_options_and_says_whether_it_streams(ask: Ask) -> None:
    upstream = ask(
        messages=(
            Message(role="developer", content="be brief"),
            Message(role="user", content=({"type": "text", "text": "hi"},)),
            Message(role="assistant", content=None, tool_calls=(ToolCall(0, "1", "weather", '{"city":"Bern"}'),)),
            Message(role="tool", content="sunny", name="weather"),
        ),
        max_tokens=7,
        temperature=0.0,
        parameters={"stop": "x", "seed": 3, "logit_bias": {}, "response_format": {"type": "json_object"}},
    )
    assert DIALECT.post(upstream).url == "http://127.0.0.1:11434/api/chat"
    assert sent(upstream) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "Bern"}}}],
            },
            {"role": "tool", "content": "sunny", "tool_name": "weather"},
        ],
        "stream": False,
        "options": {"num_predict": 7, "temperature": 0.0, "stop": ["x"], "seed": 3},
        "think": False,
        "format": "json",
    }
    assert sent(ask(stream=True))["stream"] is True


def test_no_model_thinks_unless_asked_to_and_then_it_is_left_to_the_model(ask: Ask) -> None:
    assert sent(ask())["think"] is False
    assert sent(ask(parameters={"reasoning_effort": "none"}))["think"] is False
    assert "think" not in sent(ask(parameters={"reasoning_effort": "low"}))


def test_a_schema_is_passed_as_the_format(ask: Ask) -> None:
    schema = {"type": "object"}
    shape = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    assert sent(ask(parameters={"response_format": shape}))["format"] == schema


def test_arguments_that_a_client_broke_do_not_fail_the_provider(ask: Ask) -> None:
    message = Message(role="assistant", content=None, tool_calls=(ToolCall(0, "1", "f", "{broken"),))
    assert b'{"arguments":"{broken"}' in DIALECT.post(ask(messages=(message,))).body


def test_tool_calls_are_numbered_over_a_whole_stream() -> None:
    reading = OllamaReading()
    call = b'{"function":{"name":"f","arguments":{"a":1}}}'
    line = b'{"model":"m1","message":{"content":"","tool_calls":[' + call + b']},"done":%b}\n'
    first, second = reading.feed(line % b"false" + line % b"true")
    assert first.tool_calls == (ToolCall(0, "call_0", "f", '{"a":1}'),)
    assert second.tool_calls == (ToolCall(1, "call_1", "f", '{"a":1}'),)
    assert second.finish_reason == "tool_calls"
    assert reading.model == "m1"


@pytest.mark.parametrize(("theirs", "ours"), [("stop", "stop"), ("length", "length"), ("unload", "stop")])
def test_done_reasons_become_finish_reasons(ask: Ask, theirs: str, ours: str) -> None:
    body = f'{{"message":{{"content":"x"}},"done":true,"done_reason":"{theirs}"}}'
    reply = DIALECT.reply(ask(), body.encode())
    assert isinstance(reply, Answer)
    assert reply.finish_reason == ours


@pytest.mark.parametrize("body", ["{}", '{"message":{"content":"x"},"done":false}', '{"done":true}', '{"message":"x"}'])
def test_an_answer_that_is_not_done_is_refused(ask: Ask, body: str) -> None:
    with pytest.raises(FrameError):
        DIALECT.reply(ask(), body.encode())


def test_a_last_line_without_its_end_counts_when_it_is_whole() -> None:
    reading = OllamaReading()
    assert list(reading.feed(b'{"message":{"content":"x"},"done":true}')) == []
    assert [chunk.finish_reason for chunk in reading.finish()] == ["stop"]
