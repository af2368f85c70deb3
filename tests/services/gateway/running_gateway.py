import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2 as httpx

CHAT = {"model": "default", "messages": [{"role": "user", "content": "repeat nonce-00112233445566ff"}]}


class RunningGateway:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.lines: list[dict[str, Any]] = []
        self.public = ""
        self.internal = ""

    async def listening(self) -> None:
        line = await self.until("gateway.listening")
        self.public, self.internal = f"http://{line['public']}", f"http://{line['internal']}"
        async with httpx.AsyncClient() as client:
            for _ in range(500):
                if (await client.get(f"{self.internal}/readyz")).status_code == 200:
                    return
                await asyncio.sleep(0.02)
        raise AssertionError("the gateway was not ready in ten seconds")

    async def until(self, event: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        while line := await asyncio.wait_for(self.process.stdout.readline(), 20):
            self.lines.append(json.loads(line))
            if self.lines[-1]["event"] == event:
                return self.lines[-1]
        raise AssertionError(f"the gateway ended before {event}: {self.lines}")

    async def ended(self) -> int:
        assert self.process.stdout is not None
        rest = await asyncio.wait_for(self.process.stdout.read(), 20)
        self.lines += [json.loads(line) for line in rest.splitlines()]
        return await asyncio.wait_for(self.process.wait(), 20)

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    @asynccontextmanager
    async def streaming(self) -> AsyncIterator[httpx.Response]:
        url = f"{self.public}/v1/chat/completions"
        async with (
            httpx.AsyncClient(timeout=20) as client,
            client.stream("POST", url, json={**CHAT, "stream": True}) as response,
        ):
            yield response


def environment(**settings: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "FOREBAY_LISTEN": "127.0.0.1:0", "FOREBAY_INTERNAL_LISTEN": "127.0.0.1:0", **settings}


@asynccontextmanager
async def running(**settings: str) -> AsyncIterator[RunningGateway]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway"),
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    gateway = RunningGateway(process)
    try:
        await gateway.listening()
        yield gateway
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run_to_end(*arguments: str, **settings: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.gateway", *arguments),
        env=environment(**settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, out.decode(), err.decode()
