import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any

import httpx2 as httpx
import pytest
from starlette.types import ASGIApp

from services.serving.apps.chat import ChatModel, chat_app
from services.serving.simulator.batch import EngineLimits
from services.serving.simulator.engine import Load, SimulatedEngine

LIMITS = EngineLimits(
    kv_tokens=400,
    max_batch=4,
    max_waiting=1,
    context_tokens=200,
    prefill_tokens_per_second=1_000.0,
    prefill_tokens_per_step=50,
    step_seconds=0.010,
    step_seconds_per_sequence=0.001,
)
HELLO = {"messages": [{"role": "user", "content": "hello nonce-42"}]}
PATH = "/v1/chat/completions"


async def at_once(_: float) -> None:
    await asyncio.sleep(0)


def model(limits: EngineLimits = LIMITS, sleep: Callable[[float], Awaitable[object]] = at_once) -> ChatModel:
    ids = itertools.count()
    return ChatModel(
        name="sim-test",
        engine=SimulatedEngine(limits, sleep),
        filler_tokens=3,
        deployment_id=lambda: "sim-test-0123456789",
        new_id=lambda: str(next(ids)),
        now=lambda: 1_700_000_000.5,
    )


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(chat_app(model())) as opened:
        yield opened


def client_of(app: ASGIApp) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://replica")


def events(text: str) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


async def test_an_answer_echoes_the_message_says_that_it_is_simulated_and_carries_the_id(
    client: httpx.AsyncClient,
) -> None:
    response = await client.post(PATH, json=HELLO)
    answer = response.json()
    assert answer["choices"][0]["message"]["content"].startswith("hello nonce-42 ")
    assert answer["choices"][0]["finish_reason"] == "stop"
    assert (answer["model"], answer["simulated"]) == ("sim-test", True)
    assert answer["system_fingerprint"] == response.headers["x-forebay-deployment-id"] == "sim-test-0123456789"
    assert answer["usage"] == {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}


async def test_a_stream_carries_the_same_text_its_reason_and_its_usage(client: httpx.AsyncClient) -> None:
    whole = (await client.post(PATH, json=HELLO)).json()
    asked = HELLO | {"stream": True, "stream_options": {"include_usage": True}}
    response = await client.post(PATH, json=asked)
    *chunks, last, usage = events(response.text)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks)
    assert text == whole["choices"][0]["message"]["content"]
    assert last["choices"][0]["finish_reason"] == "stop"
    assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
    assert all(chunk["simulated"] and chunk["system_fingerprint"] for chunk in (*chunks, last, usage))


async def test_an_answer_cut_by_max_tokens_says_length(client: httpx.AsyncClient) -> None:
    answer = (await client.post(PATH, json=HELLO | {"max_tokens": 1})).json()
    assert answer["choices"][0]["message"]["content"] == "hello"
    assert answer["choices"][0]["finish_reason"] == "length"


async def test_the_last_user_message_is_echoed_in_parts_too(client: httpx.AsyncClient) -> None:
    parts = [{"type": "text", "text": "from "}, {"type": "text", "text": "parts"}]
    turns = [
        {"role": "user", "content": "first"},
        {"role": "user", "content": parts},
        {"role": "assistant", "content": "x"},
    ]
    answer = (await client.post(PATH, json={"messages": turns})).json()
    assert answer["choices"][0]["message"]["content"].startswith("from parts ")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "invalid_request"),
        (b'{"messages":[]}', 400, "invalid_request"),
        (json.dumps(HELLO | {"max_tokens": 0}).encode(), 400, "invalid_request"),
        (json.dumps(HELLO | {"n": 2}).encode(), 400, "invalid_request"),
        (json.dumps(HELLO | {"model": "gpt-4"}).encode(), 404, "model_not_found"),
        (json.dumps(HELLO | {"max_tokens": 199, "ignore_eos": True}).encode(), 400, "context_length_exceeded"),
        (b" " * (2 * 1024 * 1024 + 1), 413, "body_too_large"),
    ],
)
async def test_wrong_requests_get_openai_shaped_errors(
    client: httpx.AsyncClient, body: bytes, status: int, code: str
) -> None:
    response = await client.post(PATH, content=body)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert response.headers["x-forebay-deployment-id"]


async def test_the_model_is_listed_and_health_tells_the_load(client: httpx.AsyncClient) -> None:
    assert [card["id"] for card in (await client.get("/v1/models")).json()["data"]] == ["sim-test"]
    health = (await client.get("/health")).json()
    assert (health["status"], health["running"], health["deployment_id"]) == ("ok", 0, "sim-test-0123456789")


class Held:
    """A sleep that ends when it is told to."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()

    async def sleep(self, _: float) -> None:
        self.started.set()
        await self.go_on.wait()


async def test_a_full_engine_answers_503_and_when_to_come_back() -> None:
    held = Held()
    async with client_of(chat_app(model(replace(LIMITS, max_batch=1, max_waiting=0), held.sleep))) as client:
        first = asyncio.create_task(client.post(PATH, json=HELLO))
        await held.started.wait()
        refused = await client.post(PATH, json=HELLO)
        held.go_on.set()
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["error"]["type"] == "server_error"
        assert (await first).status_code == 200


@pytest.mark.parametrize("stream", [True, False])
async def test_a_client_that_leaves_frees_its_place(*, stream: bool) -> None:
    held = Held()
    served = model(sleep=held.sleep)
    body = json.dumps(HELLO | {"stream": stream}).encode()

    async def leave() -> MutableMapping[str, Any]:
        await held.started.wait()
        return {"type": "http.disconnect"}

    async def receive() -> MutableMapping[str, Any]:
        nonlocal body
        if body:
            sent, body = body, b""
            return {"type": "http.request", "body": sent, "more_body": False}
        return await leave()

    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": PATH,
        "raw_path": PATH.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [],
    }
    await asyncio.wait_for(chat_app(served)(scope, receive, send), 5)
    assert served.engine.load.running == 1
    held.go_on.set()
    await asyncio.sleep(0.01)
    assert served.engine.load == Load(0, 0, 0)
    assert not any(message.get("body") for message in sent)
