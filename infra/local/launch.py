"""The first thing that a kept process runs: `python -m infra.local.launch [--secret NAME=FILE]... -- COMMAND...`.

It ends what an earlier life of the same process left behind (a parent killed hard loses its children), asks the kernel
to kill this process when its supervisor dies, reads secrets into the environment, and becomes the command.
"""

import ctypes
import functools
import os
import signal
import sys
from pathlib import Path

from infra.local.leftovers import PROCESS_VARIABLE, marked, sweep

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Become the command; does not return."""
    options, command = _split(sys.argv[1:])
    sweep(functools.partial(marked, PROCESS_VARIABLE, os.environ[PROCESS_VARIABLE]))
    _die_with_parent()
    os.execvpe(command[0], command, {**os.environ, **_secrets(options)})  # noqa: S606 - this is the whole purpose


def _split(arguments: list[str]) -> tuple[list[str], list[str]]:
    mark = arguments.index("--")
    return arguments[:mark], arguments[mark + 1 :]


def _secrets(options: list[str]) -> dict[str, str]:
    pairs = (option.removeprefix("--secret=").split("=", 1) for option in options)
    return {name: Path(file).read_text().strip() for name, file in pairs}


def _die_with_parent() -> None:
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() == 1:
        sys.exit("the supervisor ended before the process began")


if __name__ == "__main__":
    main()
