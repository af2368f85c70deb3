from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest

from loadtests.instruments.scripted_upstream import (
    STEP_HEADER,
    Cut,
    Garbage,
    InBandError,
    Oversize,
    Rule,
    Script,
    ScriptedUpstream,
    Stall,
    Step,
    always,
    as_history,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

NONCE = "nonce-00112233445566ff"
MESSAGES = [{"role": "user", "content": f"please repeat {NONCE}"}]
CHAT: dict[str, object] = {"model": "m", "messages": MESSAGES}
STREAMS: tuple[tuple[str, Mapping[str, object]], ...] = (
    ("/v1/chat/completions", CHAT | {"stream": True}),
    ("/api/chat", CHAT),
    ("/api/generate", {"model": "m", "prompt": NONCE}),
    ("/v1/messages", CHAT | {"stream": True, "max_tokens": 5}),
    ("/hf-inference/models/distilgpt2", {"inputs": NONCE, "stream": True}),
)


async def body_of(http: aiohttp.ClientSession, path: str, body: Mapping[str, object]) -> bytes:
    async with http.post(path, json=body) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize(("path", "body"), STREAMS)
async def test_a_stream_echoes_the_nonce_in_each_of_its_chunks(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream, path: str, body: Mapping[str, object]
) -> None:
    upstream.set_script(always(Step(tokens=3)))
    text = (await body_of(http, path, body)).decode()
    assert all(f"{NONCE}.{number}" in text for number in range(3))
    assert f"{NONCE}.3" not in text


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/chat/completions", CHAT, ("choices", 0, "message", "content")),
        ("/api/chat", CHAT | {"stream": False}, ("message", "content")),
        ("/api/generate", {"model": "m", "prompt": NONCE, "stream": False}, ("response",)),
        ("/v1/messages", CHAT, ("content", 0, "text")),
        ("/models/distilgpt2", {"inputs": NONCE}, (0, "generated_text")),
        ("/generate", {"prompt": NONCE}, ("content",)),
        ("/", {"prompt": NONCE}, ("content",)),
    ],
)
async def test_a_unary_answer_has_its_text_where_the_wire_format_has_it(
    http: aiohttp.ClientSession, path: str, body: Mapping[str, object], where: tuple[str | int, ...]
) -> None:
    found = json.loads(await body_of(http, path, body))
    for key in where:
        found = found[key]
    assert found.split() == [f"{NONCE}.{number}" for number in range(4)]


@pytest.mark.parametrize(
    ("path", "body", "where"),
    [
        ("/v1/embeddings", {"model": "m", "input": ["a", "b"]}, "data"),
        ("/api/embed", {"model": "m", "input": ["a", "b"]}, "embeddings"),
        ("/hf-inference/models/m/pipeline/feature-extraction", {"inputs": ["a", "b"]}, None),
    ],
)
async def test_embeddings_give_one_vector_for_each_text(
    http: aiohttp.ClientSession, path: str, body: Mapping[str, object], where: str | None
) -> None:
    found = json.loads(await body_of(http, path, body))
    rows = found[where] if where else found
    assert len(rows) == 2
    assert rows[0] != rows[1]


@pytest.mark.parametrize("path", ["/api/tags", "/v1/models"])
async def test_lists_of_models_answer(http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(path) as response:
        assert response.status == 200


async def test_any_status_comes_with_its_headers_and_the_wires_error(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(status=429, headers={"Retry-After": "7"}, message="slow down")))
    async with http.post("/v1/messages", json=CHAT) as response:
        assert (response.status, response.headers["retry-after"]) == (429, "7")
        assert (await response.json())["error"] == {"type": "rate_limit_error", "message": "slow down"}


async def test_an_error_can_echo_the_callers_credentials(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(status=401, echo_authorization=True)))
    async with http.post("/v1/chat/completions", json=CHAT, headers={"authorization": "Bearer canary-1"}) as response:
        assert "canary-1" in await response.text()


async def test_a_reset_reaches_the_client_as_a_broken_connection(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Cut(manner="reset"))))
    with pytest.raises(aiohttp.ClientOSError):
        await http.post("/v1/chat/completions", json=CHAT)
    assert upstream.calls[0].ended == "cut"


@pytest.mark.parametrize("size", [0, 1, 57, 400])
async def test_a_cut_after_n_bytes_sends_exactly_n_bytes_of_the_body(upstream: ScriptedUpstream, size: int) -> None:
    upstream.set_script(always(Step(mishap=Cut(after_bytes=size), framing="eof")))
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port)
    payload = json.dumps(CHAT | {"stream": True}).encode()
    writer.write(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(payload), payload))
    answer = await reader.read()
    writer.close()
    assert len(answer.partition(b"\r\n\r\n")[2]) == size


async def test_a_cut_by_close_leaves_the_framing_unfinished(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Cut(after_chunks=2))))
    with pytest.raises(aiohttp.ClientPayloadError):
        await body_of(http, "/v1/chat/completions", CHAT | {"stream": True})
    assert upstream.calls[0].chunks_sent == 2


@pytest.mark.parametrize("step", [Step(finish=False), Step(mishap=Cut(after_chunks=4, manner="end"))])
async def test_a_clean_end_can_lack_the_finish_reason(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream, step: Step
) -> None:
    upstream.set_script(always(step))
    body = await body_of(http, "/v1/chat/completions", CHAT | {"stream": True})
    assert f"{NONCE}.3".encode() in body
    assert b'"stop"' not in body
    assert b"[DONE]" not in body


async def test_an_in_band_error_is_the_last_thing_sent(http: aiohttp.ClientSession, upstream: ScriptedUpstream) -> None:
    upstream.set_script(always(Step(mishap=InBandError(after_chunks=1, message="boom"))))
    body = await body_of(http, "/v1/messages", CHAT | {"stream": True})
    assert body.count(b"content_block_delta") == 2
    assert body.endswith(
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"boom"}}\n\n'
    )


async def test_garbage_and_oversize_lines_are_put_at_their_place(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Garbage(after_chunks=1, text="?!\n"))))
    assert (await body_of(http, "/api/chat", CHAT)).splitlines()[1] == b"?!"
    upstream.set_script(always(Step(mishap=Oversize(after_chunks=0, size=70_000))))
    assert (await body_of(http, "/api/chat", CHAT)).splitlines()[0] == b"x" * 70_000


async def test_a_stall_before_headers_lasts_until_it_is_released(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(mishap=Stall())))
    asked = asyncio.create_task(body_of(http, "/v1/chat/completions", CHAT))
    await upstream.wait(lambda calls: len(calls) == 1)
    assert not asked.done()
    upstream.release()
    assert NONCE.encode() in await asked


@pytest.mark.parametrize("mishap", [Stall(), Stall(after_chunks=2)])
async def test_a_client_that_leaves_is_recorded_with_the_time(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream, mishap: Stall
) -> None:
    upstream.set_script(always(Step(mishap=mishap)))
    asked = asyncio.create_task(body_of(http, "/api/chat", CHAT))
    await upstream.wait(lambda calls: len(calls) == 1 and calls[0].nonce == NONCE)
    await asyncio.sleep(0.05)
    asked.cancel()
    (call,) = await upstream.wait(lambda calls: calls[0].ended is not None, seconds=1)
    assert call.ended == "client_left"
    assert call.client_left_time is not None


async def test_a_call_is_recorded_without_its_secrets(http: aiohttp.ClientSession, upstream: ScriptedUpstream) -> None:
    secrets = {"authorization": "Bearer canary-1", "x-api-key": "canary-2", "cookie": "canary-3", "x-other": "shown"}
    async with http.post("/v1/chat/completions", json=CHAT, headers=secrets):
        pass
    (call,) = upstream.calls
    assert "canary" not in repr(call)
    assert call.headers["x-other"] == "shown"
    assert call.headers["authorization"].startswith("sha256:")
    assert (call.model, call.nonce, call.status, call.ended) == ("m", NONCE, 200, "complete")
    assert len(call.body_digest) == 64


async def test_calls_turn_into_history_records(http: aiohttp.ClientSession, upstream: ScriptedUpstream) -> None:
    await body_of(http, "/api/chat", CHAT)
    (record,) = as_history(upstream.calls, upstream="openai", paid=True)
    assert (record.upstream, record.paid, record.nonce, record.ended) == ("openai", True, NONCE, "complete")


async def test_a_rule_holds_for_its_model_and_number_of_times(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(Script(rules=(Rule(model="sick*", times=2, steps=(Step(status=503),)),)))
    statuses = []
    for model in ("sick-1", "well", "sick-2", "sick-3"):
        async with http.post("/v1/chat/completions", json=CHAT | {"model": model}) as response:
            statuses.append(response.status)
    assert statuses == [503, 200, 503, 200]


async def test_a_step_in_the_requests_header_goes_before_the_script(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(status=500)))
    own = {STEP_HEADER: Step(text="own words").model_dump_json()}
    async with http.post("/generate", json={"prompt": "x"}, headers=own) as response:
        assert await response.json() == {"content": "own words"}
    async with http.post("/generate", json={"prompt": "x"}, headers={STEP_HEADER: '{"status": 1}'}) as response:
        assert response.status == 400


async def test_another_process_can_set_the_script_and_read_the_calls(http: aiohttp.ClientSession) -> None:
    script = always(Step(status=418)).model_dump_json()
    async with http.put("/_scripted/script", data=script) as response:
        assert response.status == 200
    async with http.post("/generate", json={"prompt": NONCE}) as response:
        assert response.status == 418
    async with http.get("/_scripted/calls") as response:
        (call,) = await response.json()
    assert (call["path"], call["status"], call["nonce"]) == ("/generate", 418, NONCE)
    async with http.delete("/_scripted/calls") as response:
        assert response.status == 200
    async with http.get("/_scripted/calls") as response:
        assert await response.json() == []


async def test_a_wrong_script_is_refused_with_its_fault_and_changes_nothing(
    http: aiohttp.ClientSession, upstream: ScriptedUpstream
) -> None:
    upstream.set_script(always(Step(status=503)))
    async with http.put("/_scripted/script", data='{"default": {"status": 999}}') as response:
        assert response.status == 400
        assert "default.status" in await response.text()
    async with http.post("/generate", json={"prompt": "x"}) as response:
        assert response.status == 503


async def test_a_connection_is_used_again(http: aiohttp.ClientSession, upstream: ScriptedUpstream) -> None:
    for _ in range(3):
        await body_of(http, "/v1/chat/completions", CHAT | {"stream": True})
    assert upstream.open_connections == 1


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/nowhere"])
async def test_what_no_provider_would_take_is_refused(http: aiohttp.ClientSession, path: str) -> None:
    async with http.post(path, data="[1]") as response:
        assert response.status == (404 if path == "/nowhere" else 400)


async def test_bytes_that_are_no_http_end_the_connection(upstream: ScriptedUpstream) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", upstream.port)
    writer.write(b"\x00\x01nonsense\r\n\r\n")
    assert (await reader.read()).startswith(b"HTTP/1.1 400")
    writer.close()
