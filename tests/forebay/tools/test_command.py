import signal
import threading
import time
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from forebay.tools.command import Command, CommandError, run

SHELL = "/bin/sh"


def shell(script: str, seconds: float = 20, **environment: str) -> Command:
    return Command([SHELL, "-c", script], timedelta(seconds=seconds), environment)


def test_it_returns_what_the_program_prints() -> None:
    assert run(shell("echo one; echo two >&2; echo $EXTRA", EXTRA="three")) == "one\ntwo\nthree"


def test_each_line_is_heard_before_the_program_ends(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    heard: list[str] = []

    def hear(line: str) -> None:
        heard.append(line)
        gate.touch()

    run(shell(f"echo first; while [ ! -e {gate} ]; do sleep 0.02; done; echo second"), hear)

    assert heard == ["first", "second"]


def test_it_runs_in_the_folder(tmp_path: Path) -> None:
    assert run(Command(["/bin/pwd"], timedelta(seconds=10), folder=tmp_path)) == str(tmp_path)


def test_a_failure_says_the_program_its_code_and_its_last_words() -> None:
    with pytest.raises(CommandError, match=r"sh failed with exit code 3: first / last"):
        run(shell("echo first; echo last; exit 3"))


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match="nothing-of-the-kind cannot be started: No such file"):
        run(Command(["/nothing-of-the-kind"], timedelta(seconds=1)))


def test_at_the_deadline_everything_that_it_started_ends() -> None:
    heard: list[str] = []

    with pytest.raises(CommandError, match="sh did not end within 0 s"):
        run(shell("sleep 300 & echo $!; wait", seconds=0.3), heard.append)

    assert _gone(int(heard[0]))


def test_an_exception_in_the_listener_ends_the_program() -> None:
    pids: list[int] = []

    def stop(line: str) -> None:
        pids.append(int(line))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(shell("sleep 300 & echo $!; wait"), stop)

    assert _gone(pids[0])


def test_no_timer_is_left_behind() -> None:
    before = threading.active_count()

    run(shell("true"))

    assert threading.active_count() == before


def test_a_program_killed_from_outside_is_a_failure() -> None:
    with pytest.raises(CommandError, match=f"exit code -{signal.SIGKILL.value}"):
        run(shell("kill -9 $$"))


def _gone(pid: int) -> bool:
    """Whether the process has ended; one whose parent has died may stay a zombie until init looks after it."""
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
    return False
