import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from pulumi.automation import CommandError

from forebay.engine.find import Engine, Source
from forebay.life.interruptible import InterruptibleCommand

_ENGINE = """#!{python}
import os, signal, sys, time
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
assert sys.argv[1] == "--non-interactive"
if sys.argv[2] == "fail":
    sys.exit("the wheel came off")
if sys.argv[2] == "say":
    print(os.environ["WORD"], os.getcwd(), os.getpgid(0) == os.getpid())
    sys.exit(0)
print("ready", file=open(sys.argv[3], "w"), flush=True)
while not seen:
    time.sleep(0.01)
time.sleep(0.3)
print(len(seen), file=open(sys.argv[3], "w"), flush=True)
"""

_INTERRUPTED = """
import signal, sys, threading
from pathlib import Path
from forebay.engine.find import Engine, Source
from forebay.life.interruptible import InterruptibleCommand
from forebay.errors import InterruptedRunError
engine, note = Path(sys.argv[1]), Path(sys.argv[2])
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
try:
    InterruptibleCommand(Engine(engine, "3.250.0", Source.CACHE)).run(["wait", str(note)], "/", {})
except InterruptedRunError:
    print("interrupted", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    path = tmp_path / "pulumi"
    path.write_text(_ENGINE.format(python=sys.executable))
    path.chmod(0o700)
    return path


def _command(engine: Path) -> InterruptibleCommand:
    return InterruptibleCommand(Engine(engine, "3.250.0", Source.CACHE))


def test_the_engine_runs_in_its_folder_with_its_environment_in_a_group_of_its_own(engine: Path, tmp_path: Path) -> None:
    result = _command(engine).run(["say"], str(tmp_path), {"WORD": "hello"})

    assert result.stdout == f"hello {tmp_path} True\n"


def test_a_failing_engine_is_the_automation_apis_error(engine: Path) -> None:
    with pytest.raises(CommandError, match="the wheel came off"):
        _command(engine).run(["fail"], "/", {})


def test_ctrl_c_in_the_terminal_reaches_the_engine_once_and_is_waited_for(engine: Path, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with subprocess.Popen(
        [sys.executable, "-c", _INTERRUPTED, str(engine), str(note)],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        while not note.exists() or note.read_text() != "ready\n":
            assert process.poll() is None

        os.killpg(process.pid, signal.SIGINT)

        output, _ = process.communicate(timeout=30)
    assert output == "interrupted True\n"
    assert note.read_text() == "1\n"
