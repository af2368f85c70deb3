import json
import subprocess
from pathlib import Path

from infra.local.folder import StackFolder
from infra.local.parts import balancer, valkey
from infra.local.parts.balancer import Backend, BalancerArgs, render_haproxy
from infra.local.parts.first_key import FirstKeyArgs, first_key_task
from infra.local.parts.ollama import OllamaArgs, ollama_process
from infra.local.ports import PortBlock

_PORTS = PortBlock(8080, 18000)


def _haproxy(folder: StackFolder) -> str:
    backend = Backend("blue", 100, (("gateway-blue-0", 18010), ("gateway-blue-1", 18011)))
    return render_haproxy(BalancerArgs(folder, 8080, backend, 30))


def test_haproxy_takes_its_configuration(folder: StackFolder) -> None:
    path = folder.root / "haproxy.cfg"
    path.write_text(_haproxy(folder))

    done = subprocess.run(
        [balancer.binary(), "-c", "-f", str(path)], capture_output=True, text=True, check=False, timeout=20
    )

    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr.lower()


def test_haproxy_listens_on_loopback_alone(folder: StackFolder) -> None:
    binds = [line.split()[1] for line in _haproxy(folder).splitlines() if line.strip().startswith("bind")]

    assert binds == ["127.0.0.1:8080"]


def test_haproxy_retries_once_and_only_what_cannot_have_been_answered(folder: StackFolder) -> None:
    text = _haproxy(folder)

    assert "retries 1\n" in text
    assert "retry-on conn-failure empty-response\n" in text


def test_state_is_durable_and_never_evicted_while_the_cache_may_be() -> None:
    assert {"appendfsync always", "maxmemory-policy noeviction"} <= set(valkey.STATE_POLICY)
    assert "maxmemory-policy volatile-lru" in valkey.CACHE_POLICY


def test_valkey_asks_for_the_password_of_a_file_and_holds_none_itself() -> None:
    folder = StackFolder(Path("/somewhere"))
    args = valkey.ValkeyArgs(folder, 18001, valkey.STATE_POLICY, "64mb")

    text = valkey.render_valkey(args, folder.data)

    assert 'include "/somewhere/secrets/valkey-auth.conf"' in text
    assert "requirepass" not in text
    assert "bind 127.0.0.1\n" in text


def test_ollama_listens_on_loopback_and_keeps_the_users_models() -> None:
    args = OllamaArgs(
        StackFolder(Path("/s")), "/bin/ollama", 18002, "/home/u/.ollama/models", {"OLLAMA_MAX_QUEUE": "9"}
    )

    process = ollama_process(args)

    assert process.environment["OLLAMA_HOST"] == "127.0.0.1:18002"
    assert process.environment["OLLAMA_MODELS"] == "/home/u/.ollama/models"
    assert process.environment["OLLAMA_MAX_QUEUE"] == "9"


def test_ollamas_own_key_goes_with_the_stack_and_the_users_models_stay() -> None:
    args = OllamaArgs(StackFolder(Path("/s")), "/bin/ollama", 18002, "/home/u/.ollama/models", {})

    process = ollama_process(args)

    assert process.owned == (process.environment["HOME"],)
    assert process.environment["HOME"] == "/s/data/ollama"


def test_the_first_key_is_named_by_its_file_and_never_by_its_value() -> None:
    task = first_key_task(FirstKeyArgs(StackFolder(Path("/s")), _PORTS))

    text = json.dumps(task.model_dump(mode="json"))

    assert "--file=/s/secrets/first-key" in task.apply
    assert "fb_" not in text
