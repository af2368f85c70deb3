from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING

from loadtests.instruments.checker import Expectations, check
from loadtests.instruments.history import Record, read_history
from loadtests.instruments.scripted_upstream import ScriptedUpstream, Step, always, as_history

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_driven_upstream_yields_a_history_that_keeps_every_promise(
    upstream: ScriptedUpstream, tmp_path: Path
) -> None:
    upstream.set_script(always(Step(headers={"x-provider": "remote_gpu"})))
    key, history = tmp_path / "key", tmp_path / "history.jsonl"
    key.write_text("canary-key\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests.instruments.drive", "--url", upstream.url, "--key-file", str(key)),
        *("--model", "m", "--history", str(history), "--rate", "50", "--seconds", "1"),
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    summary = json.loads(output)
    assert summary["ended"] == {"ok": summary["invoked"]}
    records: list[Record] = [*read_history(history), *as_history(upstream.calls, upstream="ray")]
    assert check(records, Expectations(answered_by=frozenset({"remote_gpu"}))) == ()
    assert len(upstream.calls) == summary["invoked"] > 20
    assert "canary-key" not in history.read_text()


async def test_a_missing_key_file_is_refused(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "loadtests.instruments.drive", "--url", "http://127.0.0.1:1", "--key-file"),
        *(str(tmp_path / "none"), "--model", "m", "--history", str(tmp_path / "h")),
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"none" in errors
    assert b"Traceback" not in errors
