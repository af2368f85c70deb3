"""A real Ollama behind the real gateway process, by OLLAMA_BASE_URL."""

import asyncio
import json
from pathlib import Path

import httpx2 as httpx
import openai
import pytest

from loadtests.instruments.scripted_upstream import ScriptedUpstream
from tests.ollama.fixtures import TINY_MODEL
from tests.ollama.server import OllamaServer
from tests.services.gateway.running_gateway import CHAT, running

OPEN_SECONDS = 1.0
# A first run may have to build Ollama.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def settings(ollama_server: OllamaServer, tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "gateway.json"
    document = {
        "auth": False,
        "models": {"default": {"providers": {"ollama_local": TINY_MODEL, "remote_gpu": "any"}}},
        "default_embedding_model": None,
        "timeouts": {"attempt_seconds": 60},
        "retry": {"tries": 1},
        "breaker": {"adaptive": {"first_open_seconds": OPEN_SECONDS}},
    }
    file.write_text(json.dumps(document))
    return {"FOREBAY_GATEWAY_CONFIG": str(file), "OLLAMA_BASE_URL": ollama_server.url}


async def test_openais_client_gets_answers_and_streams_of_a_model_that_cannot_think(settings: dict[str, str]) -> None:
    async with (
        running(**settings) as gateway,
        openai.AsyncOpenAI(base_url=f"{gateway.public}/v1", api_key="none", max_retries=0, timeout=120) as client,
    ):
        answer = await client.chat.completions.create(**CHAT)  # type: ignore[call-overload]  # a dict on purpose
        asked = {**CHAT, "reasoning_effort": "low"}
        thoughtful = await client.chat.completions.create(**asked)  # type: ignore[call-overload]  # as above
        stream = await client.chat.completions.create(**CHAT, stream=True)  # type: ignore[call-overload]  # as above
        texts = [chunk.choices[0].delta.content or "" async for chunk in stream]

    assert (answer.provider, thoughtful.provider) == ("ollama_local", "ollama_local")
    assert len(answer.choices[0].message.content.split()) == 24
    assert len([text for text in texts if text]) > 10


async def test_stopped_the_chain_moves_on_and_started_one_probe_brings_it_back(
    ollama_server: OllamaServer, upstream: ScriptedUpstream, settings: dict[str, str]
) -> None:
    settings["GPU_REMOTE_URL"] = upstream.url
    async with running(**settings) as gateway, httpx.AsyncClient(timeout=120) as client:

        async def provider() -> str:
            answer = await client.post(f"{gateway.public}/generate", json={"prompt": "x"})
            return str(answer.json()["provider"])

        async def metrics() -> str:
            return (await client.get(f"{gateway.internal}/metrics")).text

        first = await provider()
        await asyncio.to_thread(ollama_server.stop)
        while_stopped = [await provider() for _ in range(5)]
        opened = await metrics()
        await asyncio.to_thread(ollama_server.start)
        await asyncio.sleep(OPEN_SECONDS)
        again = await provider()
        closed = await metrics()

    state = 'forebay_breaker_state{endpoint="ollama_local/0",provider="ollama_local"}'
    assert (first, set(while_stopped), again) == ("ollama_local", {"remote_gpu"}, "ollama_local")
    assert f"{state} 2.0" in opened
    assert f"{state} 0.0" in closed
    failed = (
        'forebay_upstream_attempts_total{endpoint="ollama_local/0",provider="ollama_local",result="upstream_connect"}'
    )
    assert f"{failed} 3.0" in closed
