"""Whatever body a client sends, it is refused as the client's or can be written in every wire format.

A provider's own code that stumbled over it would look like that provider's failure, and a client could shut its gate.
"""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.deadline import Deadline
from services.gateway.errors import InvalidRequestError
from services.gateway.front.chat_completions import ChatCompletions
from services.gateway.front.shape import Moment
from services.gateway.messages import Operation, Request
from services.gateway.providers.anthropic import AnthropicDialect
from services.gateway.providers.dialect import Dialect
from services.gateway.providers.generate import GenerateDialect
from services.gateway.providers.huggingface import TextGenerationDialect
from services.gateway.providers.ollama import OllamaDialect
from services.gateway.providers.openai import OpenAIDialect
from services.gateway.providers.provider import Timeouts, UpstreamRequest
from services.gateway.wire.frame import FrameError

DIALECTS: list[Dialect] = [
    dialect("p", "http://127.0.0.1:1")
    for dialect in (OpenAIDialect, OllamaDialect, AnthropicDialect, GenerateDialect, TextGenerationDialect)
]
WORDS = st.sampled_from(["type", "text", "image_url", "url", "function", "name", "parameters", "json_schema", "schema"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | WORDS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)
OBJECTS = st.dictionaries(WORDS, JSON, max_size=4)
PARTS = OBJECTS | st.fixed_dictionaries(
    {"type": st.sampled_from(["text", "image_url", "input_audio"])}, optional={"text": JSON, "image_url": JSON}
)
TOOLS = OBJECTS | st.fixed_dictionaries({"type": st.just("function"), "function": JSON | OBJECTS})
MESSAGES = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "user", "assistant", "tool"])},
    optional={
        "content": st.none() | st.text() | st.lists(PARTS, min_size=1, max_size=2),
        "tool_calls": st.lists(
            st.fixed_dictionaries(
                {"id": st.text(), "function": st.fixed_dictionaries({"name": st.text(), "arguments": st.text()})}
            ),
            max_size=2,
        ),
    },
)
BODIES = st.fixed_dictionaries(
    {"model": st.just("m"), "messages": st.lists(MESSAGES, min_size=1, max_size=3)},
    optional={
        "tools": st.lists(TOOLS, min_size=1, max_size=2),
        "tool_choice": st.text() | OBJECTS,
        "response_format": OBJECTS,
        "seed": st.integers(),
        "stop": st.text() | st.lists(st.text(), max_size=2),
        "stream": st.booleans(),
    },
)


def refused_or_written(body: dict[str, object]) -> None:
    request = Request(id="r", operation=Operation.CHAT, deadline=Deadline.never())
    try:
        decoded = ChatCompletions(Moment("r", 0, "m")).decode(request, json.dumps(body).encode())
    except InvalidRequestError:
        return
    upstream = UpstreamRequest(replace(decoded, upstream_model="m"), "m", Timeouts(1, 1, 1, 1))
    for dialect in DIALECTS:
        try:
            json.loads(dialect.post(upstream).body)
        except FrameError:
            continue


@given(BODIES)
def test_a_body_is_refused_or_can_be_written_in_every_wire(body: dict[str, object]) -> None:
    refused_or_written(body)


@given(PARTS)
def test_a_content_part_is_refused_or_can_be_written_in_every_wire(part: dict[str, object]) -> None:
    refused_or_written({"model": "m", "messages": [{"role": "user", "content": [part]}]})


@given(TOOLS)
def test_a_tool_is_refused_or_can_be_written_in_every_wire(tool: dict[str, object]) -> None:
    refused_or_written({"model": "m", "messages": [{"role": "user", "content": "x"}], "tools": [tool]})
