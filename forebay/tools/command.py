"""Running a program with a deadline, hearing each line as it comes.

The program gets its own session, so that on a deadline, a Ctrl-C or any other exception everything that it started
ends with it. Its standard error is folded into the stream of lines: build tools report progress there. A timer
thread ends the group at the deadline; reading then comes to its end by itself, so no read needs a timeout of its
own.
"""

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol

OnLine = Callable[[str], None]

_KEPT_LINES = 20
_LONGEST_LINE = 4096


class CommandError(Exception):
    """A program could not be started, failed, or did not end in time; the message says which, with its last words."""


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run.

    Attributes:
        environment: Added to this process's own environment.
        deadline: How long it may take before it is killed with all that it started.
    """

    argv: Sequence[str]
    deadline: timedelta
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    @property
    def name(self) -> str:
        return Path(self.argv[0]).name


class Runner(Protocol):
    """Runs a command and returns its standard output; `on_line` hears each line of both its outputs.

    Raises:
        CommandError: If the program cannot be started, fails or does not end in time.
    """

    def __call__(self, command: Command, on_line: OnLine | None = None, /) -> str: ...


def run(command: Command, on_line: OnLine | None = None, /) -> str:
    """Run the command here and return what it printed, standard error included; see `Runner`."""
    last: deque[str] = deque(maxlen=_KEPT_LINES)
    printed: list[str] = []
    with _started(command) as process, _deadline(process, command.deadline) as overdue:
        for line in _lines(process):
            last.append(line)
            printed.append(line)
            if on_line is not None:
                on_line(line)
        code = process.wait()
    if overdue.is_set():
        raise CommandError(f"{command.name} did not end within {command.deadline.total_seconds():.0f} s")
    if code != 0:
        raise CommandError(f"{command.name} failed with exit code {code}: {_last_words(last)}")
    return "\n".join(printed)


@contextmanager
def _started(command: Command) -> Iterator[subprocess.Popen[str]]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the caller's own argument list, no shell
            list(command.argv),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, **command.environment},
            cwd=command.folder,
            text=True,
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise CommandError(f"{command.name} cannot be started: {error.strerror or error}") from None
    try:
        yield process
    finally:
        _end(process)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def _deadline(process: subprocess.Popen[str], deadline: timedelta) -> Iterator[threading.Event]:
    overdue = threading.Event()

    def expire() -> None:
        overdue.set()
        _end(process)

    timer = threading.Timer(deadline.total_seconds(), expire)
    timer.daemon = True
    timer.start()
    try:
        yield overdue
    finally:
        timer.cancel()
        timer.join()


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    output = process.stdout
    if output is None:
        return
    while line := output.readline(_LONGEST_LINE):
        yield line.rstrip("\r\n")


def _end(process: subprocess.Popen[str]) -> None:
    # The group's id is the leader's; it stays taken while anything of the group lives, so it cannot hit a stranger
    # before the leader has been waited for.
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def _last_words(lines: Sequence[str]) -> str:
    said = [line.strip() for line in lines if line.strip()]
    return " / ".join(said[-3:]) if said else "it said nothing"
