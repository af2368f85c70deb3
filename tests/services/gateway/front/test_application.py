import asyncio
import base64
import json
import secrets
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest

from services.gateway.config import ProviderName
from services.gateway.errors import ConnectError, StreamCutError
from services.gateway.front.application import Application
from services.gateway.keys.issue import KeyTerms, issue_key
from services.gateway.keys.keyring import Keyring, KeyringTerms
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.store import MemoryKeyStore
from services.gateway.messages import Answer, Chunk, ToolCall, Usage
from tests.services.gateway.stand_ins import (
    Flow,
    FrozenClock,
    Outcome,
    RecordedEvents,
    ScriptedProvider,
    World,
    build_world,
    embedding,
)

OLLAMA = ProviderName.OLLAMA_LOCAL
PEPPER = b"pepper-of-a-test-only"
CHAT: dict[str, Any] = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}
ANSWER = Answer("ollama_local", "deepseek-r1:8b", "hello", "stop", usage=Usage(3, 2), simulated=True)


@asynccontextmanager
async def client_of(world: World, *, is_internal: bool = False) -> AsyncIterator[httpx2.AsyncClient]:
    application = Application(world.gateway(), lambda: "new-id", is_internal=is_internal)
    transport = httpx2.ASGITransport(application)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield client


def world_of(*outcomes: Outcome, **fields: Any) -> World:  # noqa: ANN401 - settings of any type
    return build_world({OLLAMA: [ScriptedProvider("ollama_local", *outcomes)]}, **fields)


async def post(world: World, path: str, body: object, **headers: str) -> httpx2.Response:
    async with client_of(world) as client:
        return await client.post(path, json=body, headers=headers)


def saying(content: object) -> tuple[str, dict[str, object]]:
    return "/v1/chat/completions", {**CHAT, "messages": [{"role": "user", "content": content}]}


def events_of(response: httpx2.Response) -> list[str]:
    return [line.removeprefix("data: ") for line in response.text.splitlines() if line]


@pytest.mark.parametrize("path", ["/generate", "/api/query"])
async def test_a_prompt_gets_a_text_under_both_names(path: str) -> None:
    world = world_of(ANSWER)

    response = await post(world, path, {"prompt": "hi", "max_tokens": 5, "temperature": 0.5})

    assert response.json() == {
        "response": "hello",
        "content": "hello",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        "model": "deepseek-r1:8b",
        "request_id": "new-id",
        "provider": "ollama_local",
        "degraded": False,
        "simulated": True,
    }
    assert response.headers["x-forebay-provider"] == "ollama_local"
    assert "x-forebay-degraded" not in response.headers


async def test_the_provider_gets_what_the_body_said() -> None:
    provider = ScriptedProvider("ollama_local", ANSWER)
    world = build_world({OLLAMA: [provider]})
    body = {
        **CHAT,
        "max_completion_tokens": 7,
        "temperature": 0,
        "top_p": 0.5,
        "stop": ["x"],
        "unheard_of": 1,
        "user": "ignored",
    }

    response = await post(world, "/v1/chat/completions", body, **{"x-request-id": "mine-1"})

    (call,) = provider.calls
    assert (call.request.max_tokens, call.request.temperature) == (7, 0)
    assert call.request.parameters == {"top_p": 0.5, "stop": ["x"]}
    assert call.request.id == response.headers["x-request-id"] == "mine-1"
    assert call.request.credential is None


async def test_a_request_id_that_could_not_be_one_is_replaced() -> None:
    response = await post(world_of(ANSWER), "/generate", {"prompt": "hi"}, **{"x-request-id": "a b\t<script>"})

    assert response.headers["x-request-id"] == "new-id"


async def test_chat_completion() -> None:
    response = await post(world_of(ANSWER), "/v1/chat/completions", CHAT)

    body = response.json()
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"] == {"role": "assistant", "content": "hello"}
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["total_tokens"] == 5
    assert (body["provider"], body["degraded"], body["simulated"]) == ("ollama_local", False, True)


async def test_tool_calls_in_an_answer() -> None:
    answer = Answer("p", "m", "", "tool_calls", tool_calls=(ToolCall(0, "c1", "f", '{"a":1}'),))

    message = (await post(world_of(answer), "/v1/chat/completions", CHAT)).json()["choices"][0]["message"]

    assert message["content"] is None
    assert message["tool_calls"] == [
        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}}
    ]


async def test_a_stream_is_events_in_order_with_usage_and_done() -> None:
    flow = Flow([Chunk(text="he"), Chunk(text="llo"), Chunk(finish_reason="stop"), Chunk(usage=Usage(3, 2))])
    body = {**CHAT, "stream": True, "stream_options": {"include_usage": True}}

    response = await post(world_of(flow), "/v1/chat/completions", body)

    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["x-forebay-provider"] == "ollama_local"
    events = events_of(response)
    chunks = [json.loads(event) for event in events[:-1]]
    assert events[-1] == "[DONE]"
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks[:-1]]
    assert deltas == [{"role": "assistant", "content": "he"}, {"content": "llo"}, {}]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[:-1]] == [None, None, "stop"]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 5


async def test_usage_is_not_sent_unasked() -> None:
    flow = Flow([Chunk(text="x"), Chunk(finish_reason="stop", usage=Usage(1, 1))])

    response = await post(world_of(flow), "/v1/chat/completions", {**CHAT, "stream": True})

    assert "usage" not in response.text


@pytest.mark.parametrize("fault", [StreamCutError("cut", provider="p"), RuntimeError("secret words")])
async def test_a_stream_that_breaks_ends_in_an_error_event_and_never_in_done(fault: Exception) -> None:
    response = await post(world_of(Flow([Chunk(text="x"), fault])), "/v1/chat/completions", {**CHAT, "stream": True})

    events = events_of(response)
    error = json.loads(events[-1])["error"]
    assert error["request_id"] == "new-id"
    assert error["code"] in {"upstream_cut", "internal_error"}
    assert "[DONE]" not in events
    assert "secret" not in response.text


async def test_a_stream_that_ends_without_a_finish_reason_is_an_error() -> None:
    response = await post(world_of(Flow([Chunk(text="x")])), "/v1/chat/completions", {**CHAT, "stream": True})

    assert json.loads(events_of(response)[-1])["error"]["code"] == "upstream_cut"


async def test_an_error_after_the_finish_reason_does_not_take_done_back() -> None:
    flow = Flow([Chunk(text="x", finish_reason="stop"), StreamCutError("cut", provider="p")])

    response = await post(world_of(flow), "/v1/chat/completions", {**CHAT, "stream": True})

    assert events_of(response)[-1] == "[DONE]"
    assert "error" not in response.text


async def test_the_stub_is_marked_in_head_and_body() -> None:
    response = await post(world_of(ConnectError("down", provider="p")), "/v1/chat/completions", CHAT)

    assert response.status_code == 200
    assert response.headers["x-forebay-degraded"] == "true"
    assert (response.json()["provider"], response.json()["degraded"]) == ("local_stub", True)


async def test_a_refused_stub_is_503_with_retry_after() -> None:
    response = await post(world_of(ConnectError("down", provider="p"), stub="refuse"), "/generate", {"prompt": "x"})

    assert response.status_code == 503
    assert response.headers["retry-after"] == "1"
    assert response.json()["error"]["code"] == "chain_exhausted"


async def test_embeddings_as_floats_and_as_base64() -> None:
    world = world_of(embedding("ollama_local"))
    asked = {"model": "embeddings", "input": "a"}

    floats = (await post(world, "/v1/embeddings", asked)).json()["data"]
    packed = (await post(world, "/v1/embeddings", {**asked, "encoding_format": "base64"})).json()["data"]
    plain = (await post(world, "/embeddings", {"input": ["a"]})).json()

    assert floats == [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}]
    assert struct.unpack("<2f", base64.b64decode(packed[0]["embedding"])) == (0.5, -1.0)
    assert plain["embeddings"] == [[0.5, -1.0]]


@pytest.mark.parametrize(
    ("path", "body", "status", "code", "param"),
    [
        ("/v1/chat/completions", b"{", 400, "invalid_request", None),
        ("/v1/chat/completions", b"\xff\xfe", 400, "invalid_request", None),
        ("/v1/chat/completions", b"[" * 100_000, 400, "invalid_request", None),
        ("/v1/chat/completions", {"messages": []}, 400, "invalid_request", None),
        ("/v1/chat/completions", {**CHAT, "messages": []}, 400, "invalid_request", "messages"),
        ("/v1/chat/completions", {**CHAT, "max_tokens": "many"}, 400, "invalid_request", "max_tokens"),
        ("/v1/chat/completions", {**CHAT, "n": 2}, 400, "invalid_request", "n"),
        ("/v1/chat/completions", {**CHAT, "temperature": 3}, 400, "invalid_request", "temperature"),
        ("/v1/chat/completions", {**CHAT, "messages": [{"role": "king"}]}, 400, "invalid_request", "messages"),
        (*saying([{"type": "text"}]), 400, "invalid_request", "messages"),
        (*saying([{"type": "text", "text": 1}]), 400, "invalid_request", "messages"),
        (*saying([{"type": "image_url", "image_url": "x"}]), 400, "invalid_request", "messages"),
        (*saying([{"text": "x"}]), 400, "invalid_request", "messages"),
        ("/v1/chat/completions", {**CHAT, "messages": CHAT["messages"] * 4}, 400, "invalid_request", "messages"),
        ("/v1/chat/completions", {**CHAT, "tools": [{"type": "function"}]}, 400, "invalid_request", "tools"),
        ("/v1/chat/completions", {**CHAT, "tools": [{"function": "f"}]}, 400, "invalid_request", "tools"),
        ("/chat", {"messages": [{"role": "king", "content": "x"}]}, 400, "invalid_request", "messages"),
        ("/chat", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}, 400, "invalid_request", "messages"),
        ("/v1/chat/completions", {**CHAT, "model": "gpt-9"}, 404, "model_not_found", "model"),
        ("/v1/chat/completions", {**CHAT, "model": "embeddings"}, 400, "invalid_request", "model"),
        ("/v1/embeddings", {"model": "embeddings", "input": [[1, 2]]}, 400, "invalid_request", "input[0]"),
        ("/v1/embeddings", {"model": "embeddings", "input": []}, 400, "invalid_request", "input"),
        ("/generate", {"prompt": ""}, 400, "invalid_request", "prompt"),
        ("/generate", {"prompt": "x", "promt": "y"}, 400, "invalid_request", None),
        ("/generate", {"prompt": "x" * 2000}, 413, "payload_too_large", None),
        ("/nowhere", {}, 404, "not_found", None),
        ("/health", {}, 405, "method_not_allowed", None),
    ],
)
async def test_what_is_wrong_with_a_request_is_said_in_openais_shape(
    path: str, body: object, status: int, code: str, param: str | None
) -> None:
    limits = {"body_bytes": 200_000 if isinstance(body, bytes) else 1024, "messages": 3}
    world = world_of(ANSWER, limits=limits)
    async with client_of(world) as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        response = await client.post(path, content=content)

    error = response.json()["error"]
    assert (response.status_code, error["code"], error["param"]) == (status, code, param)
    assert error["request_id"] == response.headers["x-request-id"]
    assert world.pipeline.endpoints[0].stats.error_count == 0


async def test_a_body_that_does_not_come_whole_is_408_and_its_connection_is_closed() -> None:
    async def dripping() -> AsyncIterator[bytes]:
        yield b'{"prompt": '
        await asyncio.Event().wait()

    async with client_of(world_of(ANSWER, timeouts={"request_seconds": 0.05})) as client:
        response = await client.post("/generate", content=dripping())

    assert (response.status_code, response.json()["error"]["code"]) == (408, "request_timeout")
    assert response.headers["connection"] == "close"


async def with_keys() -> tuple[World, dict[KeyRole, str]]:
    clock, store = FrozenClock(), MemoryKeyStore()
    texts = {}
    for role in KeyRole:
        key = issue_key(KeyTerms(role, clock.wall()), PEPPER, secrets.token_bytes)
        await store.put(key.key_id, key.record)
        texts[role] = key.text
    keyring = Keyring(store, PEPPER, KeyringTerms(5, 300), clock, RecordedEvents())
    return build_world({OLLAMA: [ScriptedProvider("ollama_local", ANSWER)]}, keyring), texts


@pytest.mark.parametrize(
    "credential", ["", "Bearer ", "Bearer sk-1", "Basic abc", "Bearer fb_" + "a" * 12 + "_" + "b" * 40]
)
async def test_no_valid_key_no_answer(credential: str) -> None:
    world, _ = await with_keys()

    response = await post(world, "/generate", b"not even JSON".decode(), authorization=credential)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["type"] == "authentication_error"


async def test_a_key_opens_the_models_and_only_an_operators_key_the_inside() -> None:
    world, texts = await with_keys()
    async with client_of(world) as client:
        for role, inside in ((KeyRole.USER, 403), (KeyRole.OPERATOR, 200)):
            headers = {"authorization": f"Bearer {texts[role]}"}
            assert (await client.post("/generate", json={"prompt": "x"}, headers=headers)).status_code == 200
            assert (await client.get("/v1/models", headers=headers)).status_code == 200
            for path in ("/metrics", "/health/gpu-providers", "/docs", "/redoc", "/openapi.json"):
                assert (await client.get(path, headers=headers)).status_code == inside, path
        for path in ("/metrics", "/health/gpu-providers", "/docs", "/v1/models"):
            assert (await client.get(path)).status_code == 401
        for path in ("/health", "/livez"):
            assert (await client.get(path)).status_code == 200


async def test_the_log_names_the_keys_id_and_never_the_key_or_the_prompt() -> None:
    world, texts = await with_keys()

    await post(world, "/generate", {"prompt": "canary-prompt"}, authorization=f"Bearer {texts[KeyRole.USER]}")

    (line,) = world.events.of("gateway.request")
    assert line["key_id"] == texts[KeyRole.USER].split("_")[1]
    log = str(world.events.all)
    assert "canary-prompt" not in log
    assert "hello" not in log
    assert texts[KeyRole.USER].split("_")[2] not in log


async def test_the_internal_listener_serves_status_to_anyone_and_models_to_nobody() -> None:
    world, _ = await with_keys()
    async with client_of(world, is_internal=True) as client:
        statuses = {
            path: (await client.get(path)).status_code
            for path in ("/metrics", "/health/gpu-providers", "/livez", "/health", "/v1/models")
        }
        generate = await client.post("/generate", json={"prompt": "x"})

    assert statuses == {"/metrics": 200, "/health/gpu-providers": 200, "/livez": 200, "/health": 200, "/v1/models": 404}
    assert generate.status_code in {404, 405}


async def test_models_are_listed_and_found_by_name() -> None:
    models = {"org/small": {"providers": {"ollama_local": "x"}}}
    world = world_of(ANSWER, models=models, default_model="org/small", default_embedding_model=None)
    async with client_of(world) as client:
        listed = (await client.get("/v1/models")).json()
        found = (await client.get("/v1/models/org/small")).json()
        missing = await client.get("/v1/models/other")

    assert [card["id"] for card in listed["data"]] == ["org/small"]
    assert found == listed["data"][0]
    assert missing.json()["error"]["code"] == "model_not_found"


async def test_readiness_follows_the_keys_and_turns_false_for_good_when_draining() -> None:
    world, texts = await with_keys()
    gateway = world.gateway()
    transport = httpx2.ASGITransport(Application(gateway, lambda: "id", is_internal=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        before = (await client.get("/readyz")).status_code
        headers = {"authorization": f"Bearer {texts[KeyRole.USER]}"}
        await client.post("/generate", json={"prompt": "x"}, headers=headers)
        ready = (await client.get("/readyz")).status_code
        gateway.lifecycle.drain()
        draining = await client.get("/readyz")
        still = await client.post("/generate", json={"prompt": "x"}, headers=headers)

    assert (before, ready, draining.status_code) == (503, 200, 503)
    assert draining.json()["reason"] == "draining"
    assert still.status_code == 200


async def test_the_openapi_document_describes_every_model_route() -> None:
    async with client_of(world_of(ANSWER), is_internal=True) as client:
        document = (await client.get("/openapi.json")).json()

    for path in ("/v1/chat/completions", "/v1/embeddings", "/generate", "/chat", "/embeddings", "/api/query"):
        schema = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["$ref"].rpartition("/")[2] in document["components"]["schemas"]


async def test_metrics_count_answers_attempts_and_breakers() -> None:
    world = world_of(ANSWER)
    async with client_of(world) as client:
        await client.post("/generate", json={"prompt": "x"})
        text = (await client.get("/metrics")).text

    assert 'forebay_requests_total{outcome="ok",provider="ollama_local",route="/generate"} 1.0' in text
    assert 'result="success"} 1.0' in text
    assert 'forebay_breaker_state{endpoint="ollama_local/0",provider="ollama_local"} 0.0' in text
    assert "forebay_requests_in_flight 0.0" in text
