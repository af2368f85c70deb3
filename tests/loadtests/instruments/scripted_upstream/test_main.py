from __future__ import annotations

import asyncio
import signal
import sys
from typing import TYPE_CHECKING

import aiohttp

from loadtests.instruments.scripted_upstream import Step, always

if TYPE_CHECKING:
    from pathlib import Path

MODULE = "loadtests.instruments.scripted_upstream"


async def test_it_runs_by_its_module_name_and_ends_on_sigterm(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(always(Step(text="by file")).model_dump_json())
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--port", "0", "--script", str(script), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            url = (await process.stdout.readline()).decode().strip()
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{url}/generate", json={"prompt": "x"}) as response,
        ):
            assert await response.json() == {"content": "by file"}
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_wrong_script_file_is_one_clear_refusal(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text("{]")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", MODULE, "--script", str(script), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert b"Traceback" not in errors
