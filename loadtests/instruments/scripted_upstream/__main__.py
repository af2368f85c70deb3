from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from pydantic import ValidationError

from loadtests.instruments.scripted_upstream.script import Script
from loadtests.instruments.scripted_upstream.server import ScriptedUpstream

_USAGE_EXIT = 2


async def serve(script: Script, port: int) -> None:
    """Serves until SIGTERM or SIGINT; the first line of output is the base URL."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with ScriptedUpstream(script, port=port) as upstream:
        sys.stdout.write(f"{upstream.url}\n")
        sys.stdout.flush()
        await stop.wait()


def main(arguments: list[str] | None = None) -> int:
    """Runs the scripted upstream from the command line and returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.instruments.scripted_upstream",
        description="An upstream on 127.0.0.1 that answers, streams, stalls, cuts and fails by instruction.",
    )
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port; it is printed as a URL")
    parser.add_argument("--script", type=Path, help="a Script as JSON; without it every request is answered")
    options = parser.parse_args(arguments)
    try:
        script = Script.model_validate_json(options.script.read_bytes()) if options.script else Script()
    except (OSError, ValidationError) as error:
        sys.stderr.write(f"--script {options.script}: {error}\n")
        return _USAGE_EXIT
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(script, options.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
