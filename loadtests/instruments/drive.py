from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

from loadtests.instruments.chat_client import ChatClient, Target
from loadtests.instruments.clock import SystemClock
from loadtests.instruments.driver import Driver, Load, Summary
from loadtests.instruments.history import HistoryWriter

_USAGE_EXIT = 2


async def drive(target: Target, load: Load, history: Path) -> Summary:
    """Sends the load to the target and appends to the history file. SIGTERM and SIGINT stop sending."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    clock = SystemClock()
    with HistoryWriter(history) as writer:
        async with ChatClient(target, clock) as client:
            return await Driver(client, writer, clock).run(load, stop=stop)


def main(arguments: list[str] | None = None) -> int:
    """Drives a stack from the command line; prints a summary as JSON."""
    options = _parser().parse_args(arguments)
    try:
        key = options.key_file.read_text().strip()
        load = Load(
            model=options.model,
            rate=options.rate,
            seconds=options.seconds,
            seed=options.seed,
            arrivals=options.arrivals,
            stream_share=options.stream_share,
            deadline_seconds=options.deadline,
        )
    except (OSError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return _USAGE_EXIT
    summary = asyncio.run(drive(Target(options.url, key), load, options.history))
    sys.stdout.write(json.dumps(asdict(summary)) + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m loadtests.instruments.drive", description=main.__doc__)
    parser.add_argument("--url", required=True, help="base URL without /v1")
    parser.add_argument("--key-file", type=Path, required=True, help="a file that holds the API key")
    parser.add_argument("--model", required=True)
    parser.add_argument("--history", type=Path, required=True, help="JSON lines are appended to it")
    parser.add_argument("--rate", type=float, default=50.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--arrivals", choices=("poisson", "steady"), default="poisson")
    parser.add_argument("--stream-share", type=float, default=0.5, help="0 to 1")
    parser.add_argument("--deadline", type=float, default=60.0, help="seconds for one request")
    return parser


if __name__ == "__main__":
    sys.exit(main())
