import asyncio
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import psutil
import pytest

from services.serving.config.application import APPLICATIONS, Application
from services.serving.config.head import HEAD_PORTS, HeadPorts, HeadSettings, head_command, head_environment
from services.serving.config.render import ServeSettings, deployment_id, render
from services.serving.deploy import RefusedError, UnreachableError, Waiter, apply, status, wait_running

pytestmark = [pytest.mark.ray, pytest.mark.slow, pytest.mark.timeout(240)]

NAMES = frozenset({"chat", "embeddings", "classifier"})
APPLICATION_LIST: list[dict[str, Any]] = [
    {"kind": "simulated-llm", "name": "chat", "route_prefix": "/chat"},
    {"kind": "embeddings", "name": "embeddings", "route_prefix": "/embeddings"},
    {
        "kind": "classifier",
        "name": "classifier",
        "route_prefix": "/classifier",
        "args": {"examples": {"travel": ["book a flight"], "billing": ["the invoice is wrong"]}},
    },
]
CHAT = "/chat/v1/chat/completions"


@dataclass(frozen=True)
class Head:
    """A running head with three applications."""

    process: psutil.Process
    dashboard: str
    token: str
    url: str
    settings: ServeSettings
    applications: tuple[Application, ...]

    def family(self) -> list[psutil.Process]:
        return [self.process, *self.process.children(recursive=True)]


def free_block() -> int:
    """Find a block of ports that all can be bound, below those that the kernel hands out."""
    for first in range(20_000 + os.getpid() % 100 * HEAD_PORTS, 32_000, HEAD_PORTS):
        with ExitStack() as stack, suppress(OSError):
            for port in range(first, first + HEAD_PORTS):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    pytest.fail("no free block of ports")


def waiter(seconds: float) -> Waiter:
    return Waiter(time.monotonic, time.sleep, time.monotonic() + seconds)


def apply_when_up(config: dict[str, Any], address: str, token: str) -> None:
    limit = waiter(60)
    while True:
        try:
            apply(config, address, token)
        except UnreachableError:
            if limit.left() < 0:
                raise
            limit.sleep(0.3)
        else:
            return


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    folder = Path(tempfile.mkdtemp(prefix="fb-", dir="/tmp"))
    token_path = folder / "token"
    token = secrets.token_hex(32)
    token_path.touch(0o600)
    token_path.write_text(token)
    settings = HeadSettings(HeadPorts.block(free_block()), str(folder), str(token_path))
    environment = os.environ | head_environment(settings) | {"PYTHONPATH": str(Path(__file__).parents[3])}
    with (folder / "head.log").open("wb") as log:
        started = subprocess.Popen(
            head_command(settings), env=environment, stdout=log, stderr=log, start_new_session=True
        )
    address = f"127.0.0.1:{settings.ports.dashboard}"
    applications = APPLICATIONS.validate_python(APPLICATION_LIST)
    serve = ServeSettings(port=settings.ports.serve_http)
    running = Head(psutil.Process(started.pid), address, token, f"http://127.0.0.1:{serve.port}", serve, applications)
    try:
        apply_when_up(render(applications, serve), address, token)
        wait_running(NAMES, address, token, waiter(120))
        yield running
    finally:
        family = running.family() if started.poll() is None else []
        started.terminate()
        with suppress(subprocess.TimeoutExpired):
            started.wait(20)
        _, left = psutil.wait_procs(family, timeout=10)
        for process in left:
            process.kill()
        shutil.rmtree(folder, ignore_errors=True)
        assert not left, f"SIGTERM left {left}"


@pytest.fixture
def client(head: Head) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=head.url, timeout=30) as opened:
        yield opened


def test_nothing_listens_beyond_loopback(head: Head) -> None:
    listening = {
        (process.name(), connection.laddr.ip, connection.laddr.port)
        for process in head.family()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert len(listening) > 15
    assert {ip.removeprefix("::ffff:") for _, ip, _ in listening} == {"127.0.0.1"}


def test_a_wrong_token_is_refused(head: Head) -> None:
    with pytest.raises(RefusedError, match="does not accept the token"):
        status(head.dashboard, "wrong")


def test_chat_answers_and_carries_its_deployment_id(head: Head, client: httpx.Client) -> None:
    nonce = secrets.token_hex(8)
    answer = client.post(CHAT, json={"messages": [{"role": "user", "content": f"hello {nonce}"}]})
    assert answer.status_code == 200
    assert nonce in answer.json()["choices"][0]["message"]["content"]
    assert answer.json()["system_fingerprint"] == deployment_id(head.applications[0])


def test_chat_streams_piece_by_piece_to_a_clean_end(client: httpx.Client) -> None:
    asked = {"stream": True, "max_tokens": 40, "ignore_eos": True, "messages": [{"role": "user", "content": "n"}]}
    arrivals: list[float] = []
    lines: list[str] = []
    with client.stream("POST", CHAT, json=asked) as response:
        for line in response.iter_lines():
            if line:
                arrivals.append(time.monotonic())
                lines.append(line)
    assert lines[-1] == "data: [DONE]"
    assert json.loads(lines[-2].removeprefix("data: "))["choices"][0]["finish_reason"] == "length"
    assert arrivals[-1] - arrivals[0] > 0.1


def test_a_client_that_leaves_a_stream_frees_the_engine(client: httpx.Client) -> None:
    asked = {"stream": True, "max_tokens": 3_000, "ignore_eos": True, "messages": [{"role": "user", "content": "n"}]}
    with client.stream("POST", CHAT, json=asked) as response:
        next(response.iter_lines())
    limit = waiter(10)
    quiet = 0
    while quiet < 12:
        assert limit.left() > 0, "a replica still generates for a client that has left"
        quiet = quiet + 1 if client.get("/chat/health").json()["running"] == 0 else 0
        limit.sleep(0.05)


async def test_embeddings_of_many_clients_at_once_are_each_their_own(head: Head) -> None:
    async with httpx.AsyncClient(base_url=head.url, timeout=30) as client:
        texts = [f"text number {number}" for number in range(40)]
        posts = (client.post("/embeddings/v1/embeddings", json={"input": text}) for text in texts)
        alone = [answer.json()["data"][0]["embedding"] for answer in await asyncio.gather(*posts)]
        together = (await client.post("/embeddings/v1/embeddings", json={"input": texts})).json()
    for one, row in zip(alone, together["data"], strict=True):
        assert one == pytest.approx(row["embedding"], abs=1e-5)


def test_the_classifier_labels(head: Head, client: httpx.Client) -> None:
    answer = client.post("/classifier/classify", json={"inputs": ["reserve plane tickets"]}).json()
    assert answer["results"][0]["label"] == "travel"
    assert answer["deployment_id"] == deployment_id(head.applications[2])


def test_a_killed_replica_is_replaced_while_the_other_one_answers(head: Head, client: httpx.Client) -> None:
    victim = next(process for process in head.family() if "ServeReplica:chat" in " ".join(process.cmdline()))
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait(5)
    asked = {"messages": [{"role": "user", "content": "still there?"}]}
    codes = [client.post(CHAT, json=asked).status_code for _ in range(20)]
    assert codes[2:] == [200] * 18
    limit = waiter(60)
    while not status(head.dashboard, head.token)["chat"].is_running:
        assert limit.left() > 0
        limit.sleep(0.3)


def test_new_arguments_roll_out_without_a_failed_request(head: Head, client: httpx.Client) -> None:
    changed = APPLICATIONS.validate_python(
        [APPLICATION_LIST[0] | {"args": {"filler_tokens": 3}}, *APPLICATION_LIST[1:]]
    )
    apply(render(changed, head.settings), head.dashboard, head.token)
    wanted = deployment_id(changed[0])
    asked = {"messages": [{"role": "user", "content": "hello"}]}
    limit = waiter(60)
    streak = 0
    while streak < 20:
        assert limit.left() > 0
        answer = client.post(CHAT, json=asked)
        assert answer.status_code == 200
        streak = streak + 1 if answer.json()["system_fingerprint"] == wanted else 0
        limit.sleep(0.02)
