import subprocess

import psutil
import pytest

from infra.local.folder import StackFolder
from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.supervision.client import SupervisorClient, SupervisorUnavailableError
from infra.local.supervision.daemon import SupervisorDaemon


def test_start_again_keeps_the_daemon(folder: StackFolder) -> None:
    daemon = SupervisorDaemon(folder)
    daemon.start()
    with SupervisorClient(folder.supervisor_socket) as client:
        before = client.pid()

    daemon.start()

    with SupervisorClient(folder.supervisor_socket) as client:
        assert client.pid() == before


def test_stop_ends_the_daemon_and_may_be_repeated(folder: StackFolder) -> None:
    daemon = SupervisorDaemon(folder)
    daemon.start()

    daemon.stop()
    daemon.stop()

    assert not daemon.is_running()
    assert list(marked(STACK_VARIABLE, folder.marker)) == []


def test_stop_ends_what_has_lost_its_mark_and_still_writes_into_the_stacks_short_folder(folder: StackFolder) -> None:
    daemon = SupervisorDaemon(folder)
    daemon.start()
    with (folder.run / "agent.log").open("w") as log, subprocess.Popen(["sleep", "60"], stdout=log) as agent:
        log.close()

        daemon.stop()

        assert agent.wait(10) == -9


def test_stop_leaves_other_processes_alone(folder: StackFolder) -> None:
    daemon = SupervisorDaemon(folder)
    daemon.start()
    with subprocess.Popen(["sleep", "60"]) as other:
        daemon.stop()

        assert psutil.Process(other.pid).is_running()
        other.kill()


def test_the_socket_is_for_the_owner_alone(supervised: StackFolder) -> None:
    assert supervised.supervisor_socket.stat().st_mode & 0o077 == 0


def test_a_client_without_a_daemon_is_told_so(folder: StackFolder) -> None:
    with SupervisorClient(folder.supervisor_socket) as client, pytest.raises(SupervisorUnavailableError):
        client.pid()
