import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.local.folder import StackFolder
from tests.engine.small_stack import Shape

_PROGRAM = Path(__file__).parent / "small_stack.py"
_TIMEOUT_SECONDS = 120


@dataclass(frozen=True)
class SmallStack:
    """The small stack in a project folder of its own, each command in a process of its own."""

    project: Path
    engine: Path

    @property
    def folder(self) -> StackFolder:
        return StackFolder(self.project / ".forebay" / "local")

    def start(self, command: str, shape: Shape) -> "subprocess.Popen[str]":
        """Begin a command; its facts can be read line by line."""
        arguments = [command, str(self.project), str(self.engine), json.dumps(asdict(shape))]
        return subprocess.Popen(
            [sys.executable, str(_PROGRAM), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    def outcome(self, command: str, shape: Shape) -> dict[str, Any]:
        """Run a command to its end and return its outcome."""
        with self.start(command, shape) as process:
            output, errors = process.communicate(timeout=_TIMEOUT_SECONDS)
        assert process.returncode == 0, errors
        result: dict[str, Any] = json.loads(output.splitlines()[-1])
        return result

    def error(self, command: str, shape: Shape) -> str:
        """Run a command that fails and return what it said."""
        with self.start(command, shape) as process:
            _, errors = process.communicate(timeout=_TIMEOUT_SECONDS)
        assert process.returncode != 0
        return errors
