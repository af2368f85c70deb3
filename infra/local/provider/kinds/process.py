"""A process kept by supervisor.

An update takes the gentlest way that its change allows: files alone are reloaded where the process can; anything else
is a restart, with the balancer asked to send nothing new meanwhile. `read` tells what runs: a process edited, stopped
or removed behind the engine's back shows as exactly that, and so does one whose last change was killed half-way.
"""

import configparser
import shlex
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.folder import StackFolder
from infra.local.haproxy import BalancedServer, HaproxyError, reload
from infra.local.inputs import ProcessInputs, Reload
from infra.local.leftovers import PROCESS_VARIABLE, marked, sweep
from infra.local.port_owner import is_free, owner_of
from infra.local.private_file import write_private
from infra.local.provider.kinds.applied import Applied, file_content
from infra.local.provider.kinds.kind import ResourceError
from infra.local.readiness import probe
from infra.local.supervision.client import SupervisorClient, SupervisorError, SupervisorUnavailableError
from infra.local.supervision.program import process_marker, program_path, render_program

_UP = frozenset({"RUNNING", "STARTING"})
_LOG_LINES = 5
_PORT_SECONDS = 5.0
_STOP_SLACK = 30.0
_ABSENT = "(no such file)"


class ProcessKind:
    """A process with files, readiness, drift, update in place and clean removal."""

    inputs = ProcessInputs

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

    def create(self, inputs: ProcessInputs) -> None:
        if self.read(inputs) != inputs:
            self._applied(inputs).forget()
            self._take_down(inputs)
            self._require_ports(inputs)
            self._put_up(inputs)
        self._settle(inputs)

    def read(self, inputs: ProcessInputs) -> ProcessInputs | None:
        text = file_content(program_path(self._folder, inputs.name))
        if text is None:
            return None
        observed: dict[str, object] = {
            "running": self._state(inputs.name) in _UP and self._applied(inputs).fits(inputs),
            "files": {name: self._content(name) for name in inputs.files},
        }
        if text != render_program(self._folder, inputs):
            observed["command"] = _other_command(text, inputs)
        return inputs.model_copy(update=observed)

    def update(self, old: ProcessInputs, new: ProcessInputs) -> None:
        self._applied(new).forget()
        if new.reload is not None and self._runs_as_rendered(new):
            self._reload(new, new.reload)
        else:
            self._restart(old, new)
        self._settle(new)

    def delete(self, inputs: ProcessInputs) -> None:
        self._take_down(inputs)
        self._applied(inputs).forget()
        for path in (*map(Path, inputs.owned), *(self._folder.root / name for name in inputs.files)):
            _remove(path)
        for log in self._folder.logs.glob(f"{inputs.name}.log*"):
            log.unlink(missing_ok=True)

    def replaced_by(self) -> frozenset[str]:
        return frozenset({"name"})

    def _applied(self, inputs: ProcessInputs) -> Applied:
        return Applied(self._folder, inputs.name)

    def _runs_as_rendered(self, inputs: ProcessInputs) -> bool:
        text = file_content(program_path(self._folder, inputs.name))
        return text == render_program(self._folder, inputs) and self._state(inputs.name) == "RUNNING"

    def _restart(self, old: ProcessInputs, new: ProcessInputs) -> None:
        if (balanced := self._balanced(new)) is not None:
            self._start_siblings(balanced)
            balanced.take_out()
        self._take_down(old)
        self._require_ports(new)
        self._put_up(new)

    def _settle(self, inputs: ProcessInputs) -> None:
        self._wait_ready(inputs)
        if (balanced := self._balanced(inputs)) is not None:
            try:
                balanced.put_back()
            except (HaproxyError, OSError) as error:
                raise ResourceError(str(error)) from error
        self._applied(inputs).note(inputs)

    def _balanced(self, inputs: ProcessInputs) -> BalancedServer | None:
        return BalancedServer(inputs.drain, now=self._now, sleep=self._sleep) if inputs.drain else None

    def _start_siblings(self, balanced: BalancedServer) -> None:
        # Somebody may have stopped the others for good; the engine mends them too, but perhaps after this one.
        if balanced.is_alone():
            with self._client() as client:
                known = client.states().keys() & set(balanced.siblings())
                for name in known:
                    client.start(name)
            if known:
                balanced.wait_for_sibling()

    def _reload(self, new: ProcessInputs, how: Reload) -> None:
        before = {name: file_content(self._folder.root / name) or "" for name in new.files}
        self._write_files(new)
        try:
            _check(how)
            reload(Path(how.socket))
        except (HaproxyError, OSError, subprocess.SubprocessError) as error:
            for name, content in before.items():
                write_private(self._folder.root / name, content)
            raise ResourceError(f"{new.name}: {error}") from error

    def _put_up(self, inputs: ProcessInputs) -> None:
        self._write_files(inputs)
        write_private(program_path(self._folder, inputs.name), render_program(self._folder, inputs))
        try:
            with self._client() as client:
                client.add(inputs.name)
                client.start(inputs.name)
        except SupervisorError as error:
            raise ResourceError(f"{inputs.name} cannot start: {error}") from error

    def _take_down(self, inputs: ProcessInputs) -> None:
        try:
            with SupervisorClient(self._folder.supervisor_socket, inputs.stop_seconds + _STOP_SLACK) as client:
                client.stop(inputs.name)
                client.remove(inputs.name)
        except SupervisorUnavailableError:
            pass
        except SupervisorError as error:
            raise ResourceError(f"{inputs.name} cannot be stopped: {error}") from error
        program_path(self._folder, inputs.name).unlink(missing_ok=True)
        marker = process_marker(self._folder, inputs.name)
        sweep(lambda: marked(PROCESS_VARIABLE, marker), sleep=self._sleep, now=self._now)

    def _write_files(self, inputs: ProcessInputs) -> None:
        for name, content in inputs.files.items():
            write_private(self._folder.root / name, content)

    def _require_ports(self, inputs: ProcessInputs) -> None:
        end = self._now() + _PORT_SECONDS
        while taken := [port for port in inputs.ports if not is_free(port)]:
            if self._now() > end:
                owner = owner_of(taken[0])
                raise ResourceError(
                    f"{inputs.name} needs port {taken[0]}, which {owner} has; end that process or set other `ports`"
                )
            self._sleep(0.05)

    def _wait_ready(self, inputs: ProcessInputs) -> None:
        is_ready = probe(inputs.readiness)
        end = self._now() + inputs.readiness.timeout_seconds
        while not (self._state(inputs.name) == "RUNNING" and is_ready()):
            if self._state(inputs.name) == "FATAL" or self._now() > end:
                raise ResourceError(self._failure(inputs))
            self._sleep(0.05)

    def _failure(self, inputs: ProcessInputs) -> str:
        log = self._folder.logs / f"{inputs.name}.log"
        lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:] if log.exists() else []
        said = f"; it said: {' | '.join(lines)}" if lines else ""
        return f"{inputs.name} is {self._state(inputs.name) or 'absent'} and not ready; see {log}{said}"

    def _state(self, name: str) -> str | None:
        try:
            with self._client() as client:
                record = client.states().get(name)
        except SupervisorError:
            return None
        return str(record["statename"]) if record else None

    def _content(self, name: str) -> str:
        content = file_content(self._folder.root / name)
        return _ABSENT if content is None else content

    def _client(self) -> SupervisorClient:
        return SupervisorClient(self._folder.supervisor_socket)


def _check(how: Reload) -> None:
    if not how.check:
        return
    done = subprocess.run(how.check, capture_output=True, text=True, timeout=10, check=False)  # noqa: S603 - our command
    if done.returncode != 0:
        raise HaproxyError(f"the new files are refused: {done.stderr.strip()}")


def _other_command(text: str, inputs: ProcessInputs) -> tuple[str, ...]:
    """The command in an edited file; where that is as it should be, something else differs, and nothing will do."""
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
        words = shlex.split(parser.get(f"program:{inputs.name}", "command", fallback=""))
    except (configparser.Error, ValueError):
        return ()
    command = tuple(words[words.index("--") + 1 :]) if "--" in words else tuple(words)
    return () if command == inputs.command else command


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
