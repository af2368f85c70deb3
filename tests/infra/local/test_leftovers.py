import functools
import os
import subprocess
import sys
from pathlib import Path

import pytest

from infra.local.leftovers import marked, sweep


def test_marked_finds_a_process_by_its_environment(tmp_path: Path) -> None:
    value = str(tmp_path)
    with _sleeper(value) as process:
        found = set(marked("FOREBAY_STACK", value))

        assert process.pid in found
        process.kill()


def test_marked_does_not_take_a_longer_value_for_its_own(tmp_path: Path) -> None:
    with _sleeper(f"{tmp_path}-two") as process:
        found = set(marked("FOREBAY_STACK", str(tmp_path)))

        assert process.pid not in found
        process.kill()


def test_sweep_kills_an_orphaned_grandchild(tmp_path: Path) -> None:
    value = str(tmp_path)
    parent = subprocess.run(
        [sys.executable, "-c", "import subprocess,sys; print(subprocess.Popen(['sleep','60'],stdout=2).pid)"],
        env={**os.environ, "FOREBAY_STACK": value},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=20,
    )
    orphan = int(parent.stdout)

    killed = sweep(functools.partial(marked, "FOREBAY_STACK", value))

    assert killed == 1
    assert not Path(f"/proc/{orphan}").exists() or "Z" in Path(f"/proc/{orphan}/stat").read_text()


def test_sweep_says_what_does_not_end() -> None:
    ticks = iter(range(100))

    with pytest.raises(TimeoutError, match=r"\[999999999\] do not end"):
        sweep(lambda: iter([999_999_999]), seconds=3, sleep=lambda _: None, now=lambda: next(ticks))


def _sleeper(value: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(["sleep", "60"], env={**os.environ, "FOREBAY_STACK": value})
