import os
import subprocess
import sys
from pathlib import Path

import pytest

from forebay.errors import LockHeldError
from forebay.life.lock import held

_HOLDER = """
import sys
from pathlib import Path
from forebay.life.lock import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def _hold(path: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


def test_a_second_holder_is_refused_and_the_first_is_named(tmp_path: Path) -> None:
    lock = tmp_path / ".forebay" / "dev.lock"
    with _hold(lock) as holder:
        with pytest.raises(LockHeldError, match=f"the stack dev is being changed by process {holder.pid}"), held(lock):
            pass
        holder.kill()


def test_a_killed_holder_leaves_no_lock(tmp_path: Path) -> None:
    lock = tmp_path / "dev.lock"
    with _hold(lock) as holder:
        holder.kill()

    with held(lock):
        assert lock.read_text() == str(os.getpid())


def test_nothing_is_left_when_the_holder_is_done(tmp_path: Path) -> None:
    lock = tmp_path / "dev.lock"

    with held(lock):
        pass

    assert not lock.exists()
