"""One local stack from its first `up` to its `down`; the tests run in this order, each on what the one before left."""

import ipaddress
import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import openai
import psutil
import pytest

from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.port_owner import is_free
from tests.conftest import Measure
from tests.e2e.local_stack import LocalStack

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(900)]

_GB = 10**9
_TINY_WORDS = 24


def _post(stack: LocalStack, path: str, body: dict[str, object]) -> dict[str, object]:
    request = urllib.request.Request(
        stack.url + path,
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {stack.key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as response:
        answer: dict[str, object] = json.load(response)
        return answer


def test_the_first_up_ends_with_a_stack_that_answers(local: LocalStack, timing_slack: float, measure: Measure) -> None:
    result = local.run("up")

    assert result["outputs"]["url"] == local.url
    answer = _post(local, "/generate", {"prompt": "say nonce-42"})
    assert "nonce-42" in str(answer["content"])
    assert answer["provider"] == "remote_gpu"
    assert answer["simulated"] is True
    measure("first up, engine and packages cached", result["seconds"], "s", bound=90)
    assert result["seconds"] < 90 * timing_slack


def test_a_second_up_changes_nothing_and_is_quick(local: LocalStack, timing_slack: float, measure: Measure) -> None:
    begun = time.monotonic()
    result = local.run("up")
    seconds = time.monotonic() - begun

    measure("a second up, whole command", seconds, "s", bound=5)

    assert result["changes"] == []
    assert seconds < 5 * timing_slack


def test_the_whole_stack_weighs_under_3_gb(local: LocalStack, measure: Measure) -> None:
    weight = local.proportional_memory()
    measure("memory of the whole stack, summed PSS", weight / _GB, "GB", bound=3)

    assert 0.5 * _GB < weight < 3 * _GB


def test_nothing_listens_beyond_loopback(local: LocalStack) -> None:
    processes = local.process_ids()
    listening = [
        connection.laddr[0]
        for connection in psutil.net_connections(kind="inet")
        if connection.pid in processes and connection.laddr and not connection.raddr
    ]

    assert len(listening) > 10
    assert [address for address in listening if not _is_loopback(address)] == []


def test_the_openai_client_works_unchanged(local: LocalStack) -> None:
    client = openai.OpenAI(base_url=f"{local.url}/v1", api_key=local.key, timeout=30)
    messages: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "say nonce-7"}]

    whole = client.chat.completions.create(model="chat", messages=messages)
    pieces = list(client.chat.completions.create(model="chat", messages=messages, stream=True, max_tokens=8))
    vectors = client.embeddings.create(model="embed", input=["book a flight", "reserve plane tickets", "boil an egg"])
    models = client.models.list()

    assert "nonce-7" in str(whole.choices[0].message.content)
    assert "nonce-7" in "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert pieces[-1].choices[0].finish_reason in {"stop", "length"}
    near, far = (_similarity(vectors.data[0].embedding, vectors.data[other].embedding) for other in (1, 2))
    assert near > far + 0.2
    assert {"chat", "embed"} <= {model.id for model in models}


def test_a_request_without_a_key_is_refused(local: LocalStack) -> None:
    client = openai.OpenAI(base_url=f"{local.url}/v1", api_key="fb_wrong", timeout=30, max_retries=0)

    with pytest.raises(openai.AuthenticationError):
        client.models.list()


def test_no_key_and_no_secret_is_in_state_logs_or_output(local: LocalStack) -> None:
    secrets = [path.read_text().strip() for path in local.folder.secrets.iterdir() if path.name != "valkey-auth.conf"]
    files = [path for path in local.folder.root.rglob("*") if path.is_file() and path.parent.name != "secrets"]

    assert len(secrets) >= 4
    found = [path for path in files for secret in secrets if secret.encode() in path.read_bytes()]
    assert [path for path in found if path.name != "passphrase"] == []


@pytest.mark.parametrize("name", ["gateway-blue-0", "gateway-blue-1"])
def test_preview_names_exactly_a_stopped_gateway_and_up_mends_it(local: LocalStack, name: str) -> None:
    local.stop(name)

    assert local.changes("preview") == [("update", name, ("running",))]
    assert local.changes("up") == [("update", name, ("running",))]
    assert local.changes("preview") == []


@pytest.mark.parametrize("name", ["gateway-blue-0", "gateway-blue-1"])
def test_every_request_is_answered_while_a_gateway_is_killed(local: LocalStack, tmp_path: Path, name: str) -> None:
    with local.steady_load(tmp_path / "history.jsonl") as load:
        os.kill(local.process_id(name), signal.SIGKILL)

    assert load.violations_but_cut_streams() == ()


def test_every_request_is_answered_while_a_replica_is_killed(local: LocalStack, tmp_path: Path) -> None:
    victim = next(process for process in local.process_ids() if "ServeReplica:chat" in _title(process))

    with local.steady_load(tmp_path / "history.jsonl") as load:
        os.kill(victim, signal.SIGKILL)

    assert load.violations_but_cut_streams() == ()


@pytest.mark.parametrize(
    ("setting", "value"), [("drain", "20s"), ("replicas", 3), ("replicas", 2)], ids=["drain", "one more", "one less"]
)
def test_every_request_is_answered_while_gateways_change(
    local: LocalStack, tmp_path: Path, setting: str, value: object
) -> None:
    settings = local.settings
    local.write_settings({**settings, "gateway": {**settings["gateway"], setting: value}})

    with local.steady_load(tmp_path / "history.jsonl") as load:
        changed = local.changes("up")

    assert changed
    assert load.violations() == ()


def test_a_real_ollama_answers_and_streams(local: LocalStack) -> None:
    client = openai.OpenAI(base_url=f"{local.url}/v1", api_key=local.key, timeout=60)
    messages: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": "Say something."}]

    whole = _post(local, "/generate", {"prompt": "Say something.", "model": "tiny"})
    pieces = list(client.chat.completions.create(model="tiny", messages=messages, stream=True))

    assert whole["provider"] == "ollama_local"
    assert whole["simulated"] is False
    assert len(str(whole["content"]).split()) == _TINY_WORDS
    assert (
        len("".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices).split()) == _TINY_WORDS
    )
    assert pieces[-1].choices[0].finish_reason == "length"


def test_without_ollama_the_chain_moves_on_and_one_probe_brings_it_back(local: LocalStack) -> None:
    request: dict[str, object] = {"prompt": "Say nonce-3.", "model": "tiny"}
    local.stop("ollama")

    moved_on = [_post(local, "/generate", request)["provider"] for _ in range(20)]
    states = [_ollama_state(local, gateway) for gateway in range(2)]
    local.run("up")
    came_back = [_until_ollama_answers(local, gateway, request) for gateway in range(2)]

    assert set(moved_on) == {"remote_gpu"}
    assert states == ["circuit_open", "circuit_open"]
    assert came_back == ["healthy", "healthy"]


def test_a_taken_port_is_named_with_its_owner(
    local: LocalStack, make_stack: Callable[[str, Path, int], LocalStack], tmp_path: Path
) -> None:
    other = make_stack("local", tmp_path, int(local.url.rpartition(":")[2]))

    done = other.command("up")

    assert done.returncode == 6
    assert f"{local.url.rpartition(':')[2]}" in done.stderr
    assert "haproxy" in done.stderr
    assert not other.folder.root.exists()


def test_prod_is_rehearsed_beside_it(
    local: LocalStack, make_stack: Callable[[str, Path, int], LocalStack], tmp_path: Path
) -> None:
    prod = make_stack("prod", tmp_path, 28_400)

    prod.run("up", "--target=local")

    answer = _post(prod, "/generate", {"prompt": "say nonce-9"})
    assert "nonce-9" in str(answer["content"])
    assert _post(local, "/generate", {"prompt": "still here"})["provider"] == "remote_gpu"
    prod.run("down")
    assert prod.process_ids() == set()


def test_down_leaves_no_process_port_socket_or_file(local: LocalStack) -> None:
    base = local.settings["ports"]["block"]

    local.run("down")

    assert list(marked(STACK_VARIABLE, local.folder.marker)) == []
    assert [port for port in range(base - 1, base + 200) if not is_free(port)] == []
    assert not local.folder.run.exists()
    assert {path.name for path in (local.project / ".forebay").iterdir()} <= {"bin"}


def _is_loopback(text: str) -> bool:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _ollama_state(stack: LocalStack, gateway: int) -> str:
    port = stack.settings["ports"]["block"] + 30 + gateway
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/gpu-providers", timeout=10) as response:
        health = json.load(response)
    return str(health["gpu_providers"]["providers"]["ollama_local"]["status"])


def _until_ollama_answers(stack: LocalStack, gateway: int, request: dict[str, object]) -> str:
    """Ask until the gateway's breaker lets its probe through, which is seconds after it opened."""
    end = time.monotonic() + 60
    while _ollama_state(stack, gateway) != "healthy" and time.monotonic() < end:
        _post(stack, "/generate", request)
        time.sleep(0.2)
    return _ollama_state(stack, gateway)


def _similarity(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def _title(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
