from collections.abc import Callable, Sequence

import msgspec
import pytest

from services.gateway.messages import Answer, Message
from services.gateway.providers.huggingface import HuggingFaceDialect, TextGenerationReading
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.whole_body import WholeBodyReading
from services.gateway.wire.frame import FrameError

Ask = Callable[..., UpstreamRequest]
ROUTER = "https://router.example"
CHAT = HuggingFaceDialect("huggingface", f"{ROUTER}/v1", "key")
TASK = HuggingFaceDialect("huggingface", f"{ROUTER}/hf-inference", "key")


def test_the_routers_chat_api_is_spoken_below_v1(ask: Ask) -> None:
    post = CHAT.post(ask(model="org/model:cheapest"))
    assert post.url == f"{ROUTER}/v1/chat/completions"
    assert msgspec.json.decode(post.body)["model"] == "org/model:cheapest"


def test_text_generation_is_spoken_elsewhere(ask: Ask) -> None:
    messages = (Message(role="system", content="be brief"), Message(role="user", content="hi"))
    post = TASK.post(ask(model="org/distil gpt2", messages=messages, max_tokens=7, temperature=0.5, stream=True))
    assert post.url == f"{ROUTER}/hf-inference/models/org/distil%20gpt2"
    assert post.headers == {"authorization": "Bearer key"}
    assert msgspec.json.decode(post.body) == {
        "inputs": "system: be brief\nuser: hi\nassistant:",
        "parameters": {"max_new_tokens": 7, "temperature": 0.5, "return_full_text": False},
        "stream": True,
    }


def test_a_temperature_of_zero_means_that_nothing_is_drawn(ask: Ask) -> None:
    parameters = msgspec.json.decode(TASK.post(ask(temperature=0.0)).body)["parameters"]
    assert parameters == {"do_sample": False, "return_full_text": False}


@pytest.mark.parametrize("dialect", [CHAT, TASK])
def test_embeddings_are_the_feature_extraction_pipeline(
    dialect: HuggingFaceDialect, embed: Callable[[Sequence[str]], UpstreamRequest]
) -> None:
    post = dialect.post(embed(["a", "b"]))
    assert post.url == f"{ROUTER}/hf-inference/models/m/pipeline/feature-extraction"
    assert msgspec.json.decode(post.body) == {"inputs": ["a", "b"]}


@pytest.mark.parametrize("body", [b"[[1.0]]", b"{}", b"[[[1.0]],[[2.0]]]"])
def test_what_is_not_one_vector_for_each_text_is_refused(
    embed: Callable[[Sequence[str]], UpstreamRequest], body: bytes
) -> None:
    with pytest.raises(FrameError):
        TASK.reply(embed(["a", "b"]), body)


@pytest.mark.parametrize("body", [b"[]", b"[{}]", b'{"generated_text":"x"}'])
def test_an_answer_without_text_is_refused(ask: Ask, body: bytes) -> None:
    with pytest.raises(FrameError):
        TASK.reply(ask(), body)


def test_special_tokens_are_no_content() -> None:
    (chunk,) = TextGenerationReading().feed(
        b'data: {"token":{"text":"</s>","special":true},"details":{"finish_reason":"eos_token"}}\n\n'
    )
    assert (chunk.text, chunk.finish_reason) == ("", "stop")


def test_a_server_that_does_not_stream_is_served_as_one_chunk(ask: Ask) -> None:
    reading = TASK.reading(ask(stream=True), "application/json")
    assert isinstance(reading, WholeBodyReading)
    assert list(reading.feed(b'[{"generated_text":')) == []
    assert list(reading.feed(b'"x"}]')) == []
    assert [(chunk.text, chunk.finish_reason) for chunk in reading.finish()] == [("x", "stop")]


def test_a_lone_user_message_is_the_prompt_itself(ask: Ask) -> None:
    post = TASK.post(ask(messages=(Message(role="user", content="hi"),)))
    assert msgspec.json.decode(post.body)["inputs"] == "hi"
    reply = TASK.reply(ask(), b'[{"generated_text":"ho"}]')
    assert isinstance(reply, Answer)
    assert reply.content == "ho"
