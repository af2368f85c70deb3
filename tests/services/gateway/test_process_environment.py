"""What environment variables alone make of the real process."""

import json

import httpx2 as httpx

from loadtests.instruments.scripted_upstream import ScriptedUpstream, Step, always
from tests.services.gateway.running_gateway import run_to_end, running

OLLAMA = {"OLLAMA_BASE_URL": "http://127.0.0.1:11434"}
REMOTE = {"GPU_REMOTE_URL": "https://gpu.example"}
HUGGINGFACE = {"HUGGINGFACE_API_KEY": "hf-secret"}
PAID = {"OPENAI_API_KEY": "openai-secret", "ANTHROPIC_API_KEY": "anthropic-secret"}
RAY = {"RAY_SERVE_URL": "http://127.0.0.1:1/llm/v1,http://127.0.0.1:2/llm/v1"}
SCENARIOS: dict[str, tuple[dict[str, str], str]] = {
    "zero budget": ({**OLLAMA, **REMOTE, **HUGGINGFACE}, "ollama_local remote_gpu huggingface local_stub"),
    "local only": (OLLAMA, "ollama_local local_stub"),
    "remote only": (REMOTE, "remote_gpu local_stub"),
    "full": (
        {**OLLAMA, **REMOTE, **HUGGINGFACE, **PAID, "ENABLE_PAID_API": "true"},
        "ollama_local remote_gpu huggingface openai anthropic local_stub",
    ),
    "keys without the switch": ({**OLLAMA, **PAID}, "ollama_local local_stub"),
    "Ray first": ({**OLLAMA, **RAY, "USE_RAY_SERVE": "true"}, "remote_gpu ollama_local local_stub"),
    "Ray off": ({**OLLAMA, **RAY, "USE_RAY_SERVE": "false"}, "ollama_local local_stub"),
}


async def test_check_prints_the_chain_that_the_environment_alone_gives() -> None:
    for name, (settings, order) in SCENARIOS.items():
        code, out, err = await run_to_end("--check", FOREBAY_AUTH="off", **settings)

        assert (code, " ".join(json.loads(out)["chain"]), err) == (0, order, ""), name
        assert "secret" not in out, name


async def test_several_ray_addresses_are_asked_in_turn() -> None:
    async with ScriptedUpstream() as first, ScriptedUpstream() as second:
        addresses = f"{first.url}/v1, {second.url}/v1"
        async with running(FOREBAY_AUTH="off", RAY_SERVE_URL=addresses) as gateway, httpx.AsyncClient() as client:
            for _ in range(4):
                answer = await client.post(f"{gateway.public}/generate", json={"prompt": "nonce-00112233445566ff"})
                assert answer.json()["provider"] == "remote_gpu"

        assert (len(first.calls), len(second.calls)) == (2, 2)
        assert "llm.ray.disabled" not in [line["event"] for line in gateway.lines]


async def test_ray_switched_off_is_logged_and_not_asked(upstream: ScriptedUpstream) -> None:
    settings = {"RAY_SERVE_URL": f"{upstream.url}/v1", "USE_RAY_SERVE": "false"}
    async with running(FOREBAY_AUTH="off", **settings) as gateway, httpx.AsyncClient() as client:
        answer = await client.post(f"{gateway.public}/generate", json={"prompt": "x"})

    assert answer.json()["provider"] == "local_stub"
    assert not upstream.calls
    assert gateway.lines[0]["event"] == "llm.ray.disabled"


async def test_an_endless_head_is_refused_by_the_real_server() -> None:
    async with running(FOREBAY_AUTH="off") as gateway, httpx.AsyncClient() as client:
        refused = await client.get(f"{gateway.public}/livez", headers={"x-large": "a" * 200_000})

    assert (refused.status_code, refused.json()["error"]["code"]) == (431, "head_too_large")


async def test_neither_keys_nor_prompts_nor_an_upstreams_words_are_shown_anywhere(upstream: ScriptedUpstream) -> None:
    upstream.set_script(always(Step(status=401, text="upstream-words openai-secret")))
    settings = {
        **PAID,
        "ENABLE_PAID_API": "true",
        "OPENAI_BASE_URL": f"{upstream.url}/v1",
        "ANTHROPIC_BASE_URL": upstream.url,
    }
    bodies = [{"prompt": "canary-prompt"}, {"prompt": "canary-prompt", "max_tokens": "canary-prompt"}]
    async with running(FOREBAY_AUTH="off", **settings) as gateway, httpx.AsyncClient() as client:
        shown = [(await client.post(f"{gateway.public}/generate", json=body)).text for body in bodies]
        pages = ("/metrics", "/health", "/health/gpu-providers")
        shown += [(await client.get(f"{gateway.internal}{page}")).text for page in pages]
        gateway.stop()
        assert await gateway.ended() == 0
        assert gateway.process.stderr is not None
        shown.append((await gateway.process.stderr.read()).decode())
    shown += [json.dumps(line) for line in gateway.lines]

    assert "misconfigured" in "".join(shown)
    assert len(upstream.calls) == 2
    for word in ("openai-secret", "anthropic-secret", "canary-prompt", "upstream-words"):
        assert [text for text in shown if word in text] == []
