import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from infra.local.folder import StackFolder
from infra.local.leftovers import STACK_VARIABLE, marked
from infra.local.supervision.client import SupervisorClient
from loadtests.instruments.checker.check import Expectations, check
from loadtests.instruments.checker.violation import Violation
from loadtests.instruments.history import Fail, Invoke, Record, Unknown, read_history

_UP_SECONDS = 300


@dataclass(frozen=True)
class LocalStack:
    """A stack of a project folder of its own, driven by the `forebay` command as a person would."""

    project: Path
    name: str = "local"
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> StackFolder:
        return StackFolder(self.project / ".forebay" / self.name)

    @property
    def settings_file(self) -> Path:
        return self.project / "stacks" / f"Pulumi.{self.name}.yaml"

    @property
    def settings(self) -> dict[str, Any]:
        """The settings as written in the stack file."""
        document: dict[str, Any] = yaml.safe_load(self.settings_file.read_text())
        settings: dict[str, Any] = document["config"]["forebay:settings"]
        return settings

    def write_settings(self, settings: Mapping[str, Any]) -> None:
        self.settings_file.parent.mkdir(parents=True, exist_ok=True)
        self.settings_file.write_text(yaml.safe_dump({"config": {"forebay:settings": dict(settings)}}, sort_keys=False))

    def command(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run `forebay` and return what came of it."""
        return subprocess.run(
            [sys.executable, "-m", "forebay", *words],
            env={**os.environ, **self.environment, "FOREBAY_PROJECT": str(self.project)},
            capture_output=True,
            text=True,
            check=False,
            timeout=_UP_SECONDS,
            stdin=subprocess.DEVNULL,
        )

    def run(self, command: str, *options: str) -> dict[str, Any]:
        """Run a command of this stack to its good end; its JSON."""
        done = self.command(command, self.name, *options, "--json")
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        result: dict[str, Any] = json.loads(done.stdout)
        return result

    def changes(self, command: str, *options: str) -> list[tuple[str, str, tuple[str, ...]]]:
        """Run a command; what it changed as operation, name and inputs."""
        found = self.run(command, *options)["changes"]
        return sorted((one["operation"], one["name"], tuple(one["changed"])) for one in found)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings['ports']['balancer']}"

    @property
    def key_file(self) -> Path:
        return self.folder.secrets / "first-key"

    @property
    def key(self) -> str:
        return self.key_file.read_text().strip()

    def process_id(self, name: str) -> int:
        """The process that supervisor keeps under the name."""
        with SupervisorClient(self.folder.supervisor_socket) as client:
            return int(client.states()[name]["pid"])

    def stop(self, name: str) -> None:
        """Stop a process for good."""
        with SupervisorClient(self.folder.supervisor_socket) as client:
            client.stop(name)

    def process_ids(self) -> set[int]:
        """Every process of the stack."""
        return set(marked(STACK_VARIABLE, self.folder.marker))

    def proportional_memory(self) -> int:
        """Bytes of all the stack's processes, shared pages counted once (the sum of PSS)."""
        return sum(_proportional_memory(process) for process in self.process_ids())

    @contextmanager
    def steady_load(self, history: Path, model: str = "chat") -> Iterator["Load"]:
        """50 requests a second with nonces, until the block ends."""
        command = [
            sys.executable,
            "-m",
            "loadtests.instruments.drive",
            f"--url={self.url}",
            f"--key-file={self.key_file}",
            f"--model={model}",
            f"--history={history}",
            "--rate=50",
            "--seconds=240",
        ]
        load = Load(history)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as driver:
            try:
                load.wait_for(100)
                yield load
                load.wait_for(100)
            finally:
                driver.terminate()
                _, errors = driver.communicate(timeout=90)
        assert driver.returncode == 0, errors


@dataclass(frozen=True)
class Load:
    """What a driver has sent so far."""

    history: Path

    def wait_for(self, more: int) -> None:
        """Until so many more requests have begun."""
        wanted = self._lines() + 2 * more
        for _ in range(6000):
            if self._lines() >= wanted:
                return
            subprocess.run(["sleep", "0.02"], check=True)
        raise AssertionError("the driver has stopped sending")

    def records(self) -> list[Record]:
        return list(read_history(self.history))

    def violations(self) -> tuple[Violation, ...]:
        """What was not answered by Ray Serve, or broke another promise."""
        return check(self.records(), Expectations(answered_by=frozenset({"remote_gpu"})))

    def violations_but_cut_streams(self) -> tuple[Violation, ...]:
        """As `violations`, without streams that began and then ended with an error, as on a killed process they may."""
        streams = {record.operation for record in self.records() if isinstance(record, Invoke) and record.stream}
        cut = {
            record.operation
            for record in self.records()
            if isinstance(record, Fail | Unknown)
            and record.operation in streams
            and record.seen.status == 200
            and record.seen.done_markers == 0
            and record.seen.finish_reason is None
        }
        return tuple(violation for violation in self.violations() if violation.operation not in cut)

    def _lines(self) -> int:
        return self.history.read_bytes().count(b"\n") if self.history.exists() else 0


def _proportional_memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
