"""The real process on ephemeral ports, with keys in a real Valkey and a scripted upstream behind it."""

import asyncio
import json
import re
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import httpx2 as httpx
import openai
import pytest

from loadtests.instruments.scripted_upstream import Cut, ScriptedUpstream, Stall, Step, always
from services.gateway.config import StoreSettings
from services.gateway.keys.issue import KeyTerms, issue_key
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.redis_store import RedisKeyStore
from tests.services.gateway.running_gateway import CHAT, run_to_end, running

PEPPER = "pepper-of-a-test-only"


@pytest.fixture
def with_config(tmp_path: Path) -> Callable[..., str]:
    """Writes a configuration file without auth."""

    def write(upstream: ScriptedUpstream, **settings: object) -> str:
        endpoint = {"url": f"{upstream.url}/v1", "wire": "openai"}
        file = tmp_path / "gateway.json"
        providers = {"remote_gpu": {"endpoints": [endpoint]}}
        file.write_text(json.dumps({"auth": False, "providers": providers, **settings}))
        return str(file)

    return write


async def issue(settings: StoreSettings, role: KeyRole) -> str:
    key = issue_key(KeyTerms(role, 0.0), PEPPER.encode(), secrets.token_bytes)
    store = RedisKeyStore(settings)
    await store.put(key.key_id, key.record)
    await store.aclose()
    return key.text


async def test_the_openai_client_works_unchanged_with_a_key_of_the_store(
    store_settings: StoreSettings, upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    pepper = tmp_path / "pepper"
    pepper.write_text(PEPPER)
    settings = {
        "FOREBAY_STATE_STORE_URL": store_settings.url,
        "FOREBAY_STATE_STORE_PASSWORD_FILE": str(store_settings.password_file),
        "FOREBAY_PEPPER_FILE": str(pepper),
        "RAY_SERVE_URL": f"{upstream.url}/v1",
    }
    key = await issue(store_settings, KeyRole.USER)
    async with running(**settings) as gateway:
        base = f"{gateway.public}/v1"
        async with openai.AsyncOpenAI(base_url=base, api_key=key, max_retries=0) as client:
            answer = await client.chat.completions.create(**CHAT)  # type: ignore[call-overload]  # a dict on purpose
            stream = await client.chat.completions.create(
                **CHAT,
                stream=True,
                stream_options={"include_usage": True},  # type: ignore[call-overload]  # as above
            )
            texts = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
            vectors = await client.embeddings.create(model="embeddings", input=["a", "b"])
            models = [model.id async for model in client.models.list()]
        async with openai.AsyncOpenAI(base_url=base, api_key="fb_wrong", max_retries=0) as stranger:
            with pytest.raises(openai.AuthenticationError):
                await stranger.chat.completions.create(**CHAT)  # type: ignore[call-overload]  # as above
        async with httpx.AsyncClient() as client_of_status:
            forbidden = await client_of_status.get(
                f"{gateway.public}/metrics", headers={"authorization": f"Bearer {key}"}
            )
            metrics = await client_of_status.get(f"{gateway.internal}/metrics")
        gateway.stop()
        assert await gateway.ended() == 0

    assert "nonce-00112233445566ff" in answer.choices[0].message.content
    assert "nonce-00112233445566ff" in "".join(texts)
    assert len(vectors.data) == 2
    assert "default" in models
    assert (forbidden.status_code, metrics.status_code) == (403, 200)
    assert 'provider="remote_gpu"' in metrics.text
    assert key.rpartition("_")[2] not in json.dumps(gateway.lines)
    assert "nonce-" not in json.dumps(gateway.lines)


async def test_stopping_first_says_not_ready_then_ends_what_is_under_way(
    upstream: ScriptedUpstream, with_config: Callable[..., str]
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=1))))
    file = with_config(upstream, drain_grace_seconds=0.5)
    async with running(FOREBAY_GATEWAY_CONFIG=file) as gateway, gateway.streaming() as response:
        lines = response.aiter_lines()
        await anext(lines)
        gateway.stop()
        await gateway.until("gateway.draining")
        async with httpx.AsyncClient() as client:
            ready = await client.get(f"{gateway.public}/readyz")
            still = await client.get(f"{gateway.public}/livez")
        upstream.release()
        rest = [line async for line in lines]
        assert await gateway.ended() == 0

    assert (ready.status_code, still.status_code) == (503, 200)
    assert "data: [DONE]" in rest
    assert gateway.lines[-1]["event"] == "gateway.stopped"


async def test_what_is_left_after_the_drain_time_is_broken_off_and_never_looks_complete(
    upstream: ScriptedUpstream, with_config: Callable[..., str]
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=1))))
    file = with_config(upstream, drain_grace_seconds=0, drain_seconds=1)
    async with running(FOREBAY_GATEWAY_CONFIG=file) as gateway, gateway.streaming() as response:
        lines = response.aiter_lines()
        await anext(lines)
        gateway.stop()
        rest: list[str] = []
        with pytest.raises(httpx.RemoteProtocolError):
            rest += [line async for line in lines]
        assert await gateway.ended() == 0

    assert "data: [DONE]" not in rest


async def test_a_client_that_leaves_closes_the_upstream_within_a_second(
    upstream: ScriptedUpstream, with_config: Callable[..., str]
) -> None:
    upstream.set_script(always(Step(mishap=Stall(after_chunks=1))))
    async with running(FOREBAY_GATEWAY_CONFIG=with_config(upstream)) as gateway:
        async with gateway.streaming() as response:
            await anext(response.aiter_lines())
            assert upstream.open_connections == 1
        assert await upstream.wait_connections(lambda count: count == 0, seconds=1) == 0
        line = await gateway.until("gateway.request")

    assert line["outcome"] == "cancelled"


async def test_an_upstream_that_breaks_mid_stream_is_an_error_event(
    upstream: ScriptedUpstream, with_config: Callable[..., str]
) -> None:
    upstream.set_script(always(Step(mishap=Cut(manner="reset", after_chunks=2))))
    async with running(FOREBAY_GATEWAY_CONFIG=with_config(upstream)) as gateway, gateway.streaming() as response:
        lines = [line async for line in response.aiter_lines() if line]

    assert json.loads(lines[-1].removeprefix("data: "))["error"]["code"] == "upstream_cut"
    assert "data: [DONE]" not in lines


@pytest.mark.parametrize("manner", ["reset", "close", "end"])
async def test_openais_client_raises_on_a_stream_that_breaks(
    upstream: ScriptedUpstream, with_config: Callable[..., str], manner: str
) -> None:
    upstream.set_script(always(Step(mishap=Cut.model_validate({"manner": manner, "after_chunks": 2}))))
    texts = []
    async with (
        running(FOREBAY_GATEWAY_CONFIG=with_config(upstream)) as gateway,
        openai.AsyncOpenAI(base_url=f"{gateway.public}/v1", api_key="none", max_retries=0) as client,
    ):
        stream = await client.chat.completions.create(**CHAT, stream=True)  # type: ignore[call-overload]  # as above
        with pytest.raises(openai.APIError) as caught:
            texts += [chunk.choices[0].delta.content async for chunk in stream]

    assert caught.value.code == "upstream_cut"
    assert len(upstream.calls) == 1


async def test_a_client_that_leaves_before_its_answer_closes_the_upstream_and_empties_the_gauge(
    upstream: ScriptedUpstream, with_config: Callable[..., str]
) -> None:
    upstream.set_script(always(Step(mishap=Stall())))
    async with running(FOREBAY_GATEWAY_CONFIG=with_config(upstream)) as gateway, httpx.AsyncClient() as client:
        asking = asyncio.create_task(client.post(f"{gateway.public}/v1/chat/completions", json=CHAT))
        await upstream.wait(lambda calls: len(calls) == 1)
        during = (await client.get(f"{gateway.internal}/metrics")).text
        asking.cancel()
        assert await upstream.wait_connections(lambda count: count == 0, seconds=1) == 0
        line = await gateway.until("gateway.request")
        after = (await client.get(f"{gateway.internal}/metrics")).text

    assert line["outcome"] == "cancelled"
    assert "forebay_requests_in_flight 1.0" in during
    assert "forebay_requests_in_flight 0.0" in after
    assert len(upstream.calls) == 1


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"LLM_TIMEOUT_SECONDS": "x"}, r"LLM_TIMEOUT_SECONDS is 'x'"),
        (
            {"FOREBAY_STATE_STORE_URL": "redis://127.0.0.1:1", "FOREBAY_PEPPER_FILE": "/nowhere", "FOREBAY_AUTH": "on"},
            r"pepper_file /nowhere cannot be read",
        ),
    ],
)
async def test_a_wrong_setting_is_one_sentence_and_exit_2(settings: dict[str, str], says: str) -> None:
    code, _, err = await run_to_end("--check", **{"FOREBAY_AUTH": "off", **settings})

    assert code == 2
    assert re.search(says, err)
    assert err.count("\n") == 1


async def test_a_taken_port_is_one_sentence_and_exit_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = "{}:{}".format(*taken.getsockname())
        code, _, err = await run_to_end(FOREBAY_AUTH="off", FOREBAY_LISTEN=address)

    assert code == 1
    assert err.startswith(f"cannot listen on {address}")
    assert err.count("\n") == 1
