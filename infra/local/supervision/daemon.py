import subprocess
import sys
import time
from collections.abc import Callable
from itertools import chain
from pathlib import Path

from infra.local.folder import StackFolder
from infra.local.leftovers import STACK_VARIABLE, holding, marked, sweep
from infra.local.supervision.client import SupervisorClient, SupervisorError, SupervisorUnavailableError
from infra.local.supervision.program import minimal_environment

_START_SECONDS = 10.0
_STOP_SECONDS = 60.0


class SupervisorDaemon:
    """The supervisord of one stack; `start` and `stop` may be repeated."""

    def __init__(
        self,
        folder: StackFolder,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._now = now
        self._sleep = sleep

    def is_running(self) -> bool:
        with SupervisorClient(self._folder.supervisor_socket) as client:
            return client.ping()

    def start(self) -> None:
        """Start supervisord with what its include folder holds, after ending what a dead one left.

        Raises:
            SupervisorError: If it does not answer within ten seconds.
        """
        if self.is_running():
            return
        self._folder.create()
        self._end_leftovers()
        self._folder.supervisor_config.write_text(render_daemon(self._folder))
        environment = {**minimal_environment(), STACK_VARIABLE: self._folder.marker}
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(self._folder.supervisor_config)]
        try:
            subprocess.run(command, env=environment, cwd=self._folder.root, check=True, timeout=_START_SECONDS)  # noqa: S603 - our own
        except subprocess.SubprocessError as error:
            raise SupervisorError(f"supervisord does not start: {error}") from error
        self._wait(self.is_running, _START_SECONDS, "does not answer after its start")

    def stop(self) -> None:
        """Stop all processes and the daemon, by force what does not end by itself.

        Raises:
            SupervisorError: If something of the stack cannot be ended.
        """
        try:
            with SupervisorClient(self._folder.supervisor_socket) as client:
                process = client.pid()
                client.shutdown()
            self._wait(lambda: not _exists(process), _STOP_SECONDS, "does not end")
        except SupervisorUnavailableError:
            pass
        self._end_leftovers()

    def _end_leftovers(self) -> None:
        # `forebay` and its engine do not carry the marker, so this ends the stack's processes alone.
        sweep(lambda: chain(marked(STACK_VARIABLE, self._folder.marker), holding(self._folder.run)))

    def _wait(self, condition: Callable[[], bool], seconds: float, failure: str) -> None:
        end = self._now() + seconds
        while not condition():
            if self._now() > end:
                raise SupervisorError(f"supervisord {failure}; see {self._folder.logs / 'supervisord.log'}")
            self._sleep(0.02)


def render_daemon(folder: StackFolder) -> str:
    """Supervisord's own configuration: a private socket, private files, processes from the include folder."""
    return f"""[unix_http_server]
file={folder.supervisor_socket}
chmod=0700

[supervisord]
logfile={_escape(folder.logs)}/supervisord.log
logfile_maxbytes=10MB
logfile_backups=1
pidfile={folder.run}/supervisord.pid
directory={_escape(folder.root)}
identifier=forebay
umask=077

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[include]
files={folder.processes.relative_to(folder.root)}/*.ini
"""


def _escape(path: Path) -> str:
    return str(path).replace("%", "%%")


def _exists(process: int) -> bool:
    # A zombie has ended; where nobody reaps, as in some containers, it would be waited for in vain.
    try:
        return (Path("/proc") / str(process) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
