from collections.abc import Callable

import msgspec
import pytest

from services.gateway.messages import Message, ToolCall, Usage
from services.gateway.providers.anthropic import AnthropicDialect, AnthropicReading
from services.gateway.providers.dialect import InBandError, UnsupportedOperationError
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.wire.frame import FrameError

Ask = Callable[..., UpstreamRequest]
DIALECT = AnthropicDialect("anthropic", "https://api.example", "key")
TOOL = {"type": "function", "function": {"name": "weather", "description": "d", "parameters": {"type": "object"}}}


def sent(upstream: UpstreamRequest) -> dict[str, object]:
    return msgspec.json.decode(DIALECT.post(upstream).body, type=dict[str, object])


def test_a_chat_is_posted_with_the_system_prompt_apart_and_max_tokens(ask: Ask) -> None:
    upstream = ask(
        messages=(
            Message(role="system", content="be brief"),
            Message(role="developer", content="and kind"),
            Message(role="user", content="hi"),
            Message(
                role="assistant", content="let me see", tool_calls=(ToolCall(0, "1", "weather", '{"city":"Bern"}'),)
            ),
            Message(role="tool", content="sunny", tool_call_id="1"),
        ),
        temperature=1.7,
        parameters={"stop": "x", "top_p": 0.5, "seed": 3, "tools": [TOOL], "tool_choice": "required"},
    )
    post = DIALECT.post(upstream)
    assert post.url == "https://api.example/v1/messages"
    assert post.headers == {"x-api-key": "key", "anthropic-version": "2023-06-01"}
    assert sent(upstream) == {
        "model": "m",
        "max_tokens": 4096,
        "system": "be brief\n\nand kind",
        "messages": [
            {"role": "user", "content": "hi"},
            {
                "role": "assistant",
                "content": [
                    {"type": "text", "text": "let me see"},
                    {"type": "tool_use", "id": "1", "name": "weather", "input": {"city": "Bern"}},
                ],
            },
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "sunny"}]},
        ],
        "temperature": 1.0,
        "top_p": 0.5,
        "stop_sequences": ["x"],
        "tools": [{"name": "weather", "description": "d", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "any"},
    }


def test_images_are_passed_inline_or_by_address(ask: Ask) -> None:
    parts = (
        {"type": "text", "text": "what is it"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}},
        {"type": "image_url", "image_url": {"url": "https://example/x.png"}},
    )
    assert sent(ask(messages=(Message(role="user", content=parts),)))["messages"] == [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "what is it"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
                {"type": "image", "source": {"type": "url", "url": "https://example/x.png"}},
            ],
        }
    ]


def test_a_part_that_the_wire_lacks_is_refused(ask: Ask) -> None:
    message = Message(role="user", content=({"type": "input_audio"},))
    with pytest.raises(UnsupportedOperationError):
        DIALECT.post(ask(messages=(message,)))


@pytest.mark.parametrize(
    ("choice", "theirs"),
    [
        ("auto", {"type": "auto"}),
        ("none", {"type": "none"}),
        ({"type": "function", "function": {"name": "f"}}, {"type": "tool", "name": "f"}),
    ],
)
def test_tool_choices_are_translated(ask: Ask, choice: object, theirs: object) -> None:
    assert sent(ask(parameters={"tool_choice": choice}))["tool_choice"] == theirs


def test_an_answer_is_read_with_its_blocks(ask: Ask) -> None:
    reply = DIALECT.reply(
        ask(),
        b'{"type":"message","model":"claude","content":[{"type":"thinking","thinking":"hm"},{"type":"text","text":"a"},'
        b'{"type":"text","text":"b"},{"type":"tool_use","id":"1","name":"f","input":{"a":1}}],'
        b'"stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":4}}',
    )
    assert (reply.model, reply.content, reply.finish_reason, reply.usage) == ("claude", "ab", "tool_calls", Usage(3, 4))
    assert reply.tool_calls == (ToolCall(0, "1", "f", '{"a":1}'),)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [("end_turn", "stop"), ("stop_sequence", "stop"), ("max_tokens", "length"), ("refusal", "content_filter")],
)
def test_stop_reasons_become_finish_reasons(ask: Ask, theirs: str, ours: str) -> None:
    body = f'{{"type":"message","content":[],"stop_reason":"{theirs}"}}'
    assert DIALECT.reply(ask(), body.encode()).finish_reason == ours


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"type":"error","error":{"type":"api_error","message":"secret"}}', InBandError),
        (b'{"type":"message","content":[]}', FrameError),
        (b"{}", FrameError),
    ],
)
def test_a_wrong_body_is_refused(ask: Ask, body: bytes, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        DIALECT.reply(ask(), body)


def test_a_streams_tool_use_comes_in_pieces_with_one_index() -> None:
    reading = AnthropicReading()
    events = (
        b'{"type":"message_start","message":{"type":"message","model":"claude","usage":{"input_tokens":9}}}',
        b'{"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"1","name":"f","input":{}}}',
        b'{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{}"}}',
        b'{"type":"novelty","surprise":[1]}',
        b'{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":2}}',
        b'{"type":"message_stop"}',
    )
    chunks = [chunk for event in events for chunk in reading.feed(b"event: x\ndata: " + event + b"\n\n")]
    assert [chunk.tool_calls for chunk in chunks if chunk.tool_calls] == [
        (ToolCall(0, "1", "f", ""),),
        (ToolCall(0, "", "", "{}"),),
    ]
    assert (chunks[4].finish_reason, chunks[4].usage) == ("tool_calls", Usage(9, 2))
    assert reading.model == "claude"
