import os
import re
import shutil
import signal
import socket
import sys
import urllib.request
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness
from infra.local.leftovers import PROCESS_VARIABLE, STACK_VARIABLE, marked, sweep
from infra.local.port_owner import is_free
from infra.local.provider.kinds.applied import Applied
from infra.local.provider.kinds.kind import ResourceError
from infra.local.provider.kinds.process import ProcessKind
from infra.local.supervision.client import SupervisorClient
from infra.local.supervision.daemon import SupervisorDaemon
from infra.local.supervision.program import process_marker, program_path

pytestmark = pytest.mark.usefixtures("supervised")

# Serves its folder's `page` over HTTP; its child outlives it unless somebody looks after it.
_SERVER = """
import http.server, os, subprocess, sys
subprocess.Popen(["sleep", "300"])
os.chdir(sys.argv[2])
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def _server(folder: StackFolder, port: int, page: str = "one") -> ProcessInputs:
    return ProcessInputs(
        name="server",
        command=(sys.executable, str(folder.root / "config" / "server.py"), str(port), str(folder.root)),
        files={"config/page": page, "config/server.py": _SERVER},
        readiness=Readiness(http=f"http://127.0.0.1:{port}/config/page", timeout_seconds=20),
        ports=(port,),
        owned=(str(folder.data / "server"),),
    )


def _page(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/config/page", timeout=5) as response:
        return str(response.read().decode())


def _pid(folder: StackFolder, name: str = "server") -> int:
    with SupervisorClient(folder.supervisor_socket) as client:
        return int(client.states()[name]["pid"])


def test_create_returns_when_the_process_answers(folder: StackFolder, free_port: Callable[[], int]) -> None:
    port = free_port()

    ProcessKind(folder).create(_server(folder, port))

    assert _page(port) == "one"


def test_create_again_adopts_what_is_there(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    before = _pid(folder)

    kind.create(inputs)

    assert _pid(folder) == before


def test_create_after_an_interruption_between_file_and_start_starts_it(
    folder: StackFolder, free_port: Callable[[], int]
) -> None:
    port = free_port()
    inputs = _server(folder, port)
    kind = ProcessKind(folder)
    kind.create(inputs)
    with SupervisorClient(folder.supervisor_socket) as client:
        client.stop("server")
        client.remove("server")

    kind.create(inputs)

    assert _page(port) == "one"


def test_read_finds_nothing_to_report_on_an_untouched_process(
    folder: StackFolder, free_port: Callable[[], int]
) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)

    assert kind.read(inputs) == inputs


def test_read_sees_a_process_stopped_for_good(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    with SupervisorClient(folder.supervisor_socket) as client:
        client.stop("server")

    assert kind.read(inputs) == inputs.model_copy(update={"running": False})


def test_read_sees_an_edited_file(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    (folder.root / "config" / "page").write_text("edited by hand")

    assert kind.read(inputs) == inputs.model_copy(update={"files": {**inputs.files, "config/page": "edited by hand"}})


def test_read_sees_an_edited_command(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    path = program_path(folder, "server")
    path.write_text(re.sub(r"^(command=.*) \S+$", r"\1 /somewhere/else", path.read_text(), flags=re.MULTILINE))

    found = kind.read(inputs)

    assert found is not None
    assert found.command[-1] == "/somewhere/else"


def test_read_sees_that_a_process_is_gone(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())

    assert ProcessKind(folder).read(inputs) is None


def test_update_starts_a_stopped_process(folder: StackFolder, free_port: Callable[[], int]) -> None:
    port = free_port()
    inputs = _server(folder, port)
    kind = ProcessKind(folder)
    kind.create(inputs)
    with SupervisorClient(folder.supervisor_socket) as client:
        client.stop("server")

    kind.update(inputs.model_copy(update={"running": False}), inputs)

    assert _page(port) == "one"


def test_a_killed_process_comes_back_and_its_orphans_are_ended(
    folder: StackFolder, free_port: Callable[[], int]
) -> None:
    port = free_port()
    inputs = _server(folder, port)
    kind = ProcessKind(folder)
    kind.create(inputs)
    marker = process_marker(folder, "server")
    before = set(marked(PROCESS_VARIABLE, marker))

    os.kill(_pid(folder), signal.SIGKILL)
    kind.create(inputs)

    assert _page(port) == "one"
    assert before.isdisjoint(marked(PROCESS_VARIABLE, marker))


def test_delete_leaves_no_process_port_or_file(folder: StackFolder, free_port: Callable[[], int]) -> None:
    port = free_port()
    inputs = _server(folder, port)
    kind = ProcessKind(folder)
    kind.create(inputs)
    (folder.data / "server").mkdir()

    kind.delete(inputs)

    assert list(marked(PROCESS_VARIABLE, process_marker(folder, "server"))) == []
    assert is_free(port)
    assert [path for path in folder.root.rglob("*") if "server" in path.name or "page" in path.name] == []


def test_delete_of_what_is_gone_is_no_error(folder: StackFolder, free_port: Callable[[], int]) -> None:
    ProcessKind(folder).delete(_server(folder, free_port()))


def test_a_taken_port_is_named_with_its_owner(folder: StackFolder) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ticks = iter(range(1000))
        kind = ProcessKind(folder, now=lambda: next(ticks), sleep=lambda _: None)

        with pytest.raises(ResourceError, match=rf"server needs port {port}, which .*pid {os.getpid()}.* has"):
            kind.create(_server(folder, port))


def test_a_crash_loop_ends_with_what_the_process_said(folder: StackFolder) -> None:
    inputs = ProcessInputs(name="crasher", command=("/bin/sh", "-c", "echo no such model; exit 3"))

    with pytest.raises(ResourceError, match=r"crasher is FATAL and not ready; see .*; it said: .*no such model"):
        ProcessKind(folder).create(inputs)


def test_the_processes_die_with_their_supervisor(folder: StackFolder, free_port: Callable[[], int]) -> None:
    port = free_port()
    ProcessKind(folder).create(_server(folder, port))
    server = psutil.Process(_pid(folder))
    with SupervisorClient(folder.supervisor_socket) as client:
        supervisor = client.pid()

    os.kill(supervisor, signal.SIGKILL)

    psutil.wait_procs([server], timeout=10)
    assert not server.is_running() or server.status() == psutil.STATUS_ZOMBIE
    SupervisorDaemon(folder).start()
    ProcessKind(folder).create(_server(folder, port))
    assert _page(port) == "one"


def test_read_sees_an_edited_environment(folder: StackFolder, free_port: Callable[[], int]) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    path = program_path(folder, "server")
    path.write_text(path.read_text().replace("environment=", 'environment=EDITED="yes",'))

    assert kind.read(inputs) != inputs


def test_read_of_a_file_that_is_no_ini_is_a_difference_and_no_error(
    folder: StackFolder, free_port: Callable[[], int]
) -> None:
    inputs = _server(folder, free_port())
    kind = ProcessKind(folder)
    kind.create(inputs)
    program_path(folder, "server").write_bytes(b"garbage \xff\n")

    found = kind.read(inputs)

    assert found is not None
    assert found.command == ()


def test_read_after_an_update_killed_between_files_and_restart_says_so(
    folder: StackFolder, free_port: Callable[[], int]
) -> None:
    port = free_port()
    kind = ProcessKind(folder)
    kind.create(_server(folder, port, "one"))
    new = _server(folder, port, "two")
    Applied(folder, "server").forget()
    (folder.root / "config" / "page").write_text("two")

    found = kind.read(new)

    assert found == new.model_copy(update={"running": False})


def test_a_name_with_a_space_and_a_percent_sign_in_the_checkouts_path_is_no_trouble(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    folder = StackFolder(tmp_path / "my 100% stack")
    folder.create()
    try:
        SupervisorDaemon(folder).start()
        port = free_port()
        ProcessKind(folder).create(_server(folder, port))
        assert _page(port) == "one"
    finally:
        sweep(lambda: marked(STACK_VARIABLE, folder.marker))
        shutil.rmtree(folder.run, ignore_errors=True)


def test_a_frozen_supervisor_does_not_freeze_whoever_asks(folder: StackFolder) -> None:
    with SupervisorClient(folder.supervisor_socket) as client:
        supervisor = client.pid()
    os.kill(supervisor, signal.SIGSTOP)
    try:
        with SupervisorClient(folder.supervisor_socket, answer_seconds=0.2) as client:
            assert client.ping() is False
    finally:
        os.kill(supervisor, signal.SIGCONT)


def test_a_secret_reaches_the_process_and_no_file_of_supervisor(folder: StackFolder) -> None:
    (folder.secrets / "token").write_text("canary-value")
    seen = folder.data / "seen"
    inputs = ProcessInputs(
        name="reader",
        command=("/bin/sh", "-c", f'echo "$TOKEN" > {seen}; sleep 60'),
        secret_environment={"TOKEN": str(folder.secrets / "token")},
    )

    ProcessKind(folder).create(inputs)

    assert seen.read_text() == "canary-value\n"
    assert "canary-value" not in program_path(folder, "reader").read_text()


def test_a_process_sees_nothing_of_the_users_secrets(folder: StackFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-value")
    SupervisorDaemon(folder).stop()
    SupervisorDaemon(folder).start()
    ProcessKind(folder).create(ProcessInputs(name="idle", command=("sleep", "60")))

    environment = Path(f"/proc/{_pid(folder, 'idle')}/environ").read_bytes()

    assert b"canary-value" not in environment
