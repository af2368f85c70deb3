"""The engine's command, stopped by Ctrl-C as the engine wants to be stopped.

The engine takes a first SIGINT as "finish what you are at and write the state", a second as "end at once". A terminal
sends one to every process of its foreground group, so an engine in that group would get its second as soon as we passed
ours on. Therefore it runs in a group of its own and hears of Ctrl-C from us alone: the first is passed on and waited
for, the second kills the engine, after which the next `up` recovers as from any kill.
"""

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from pulumi import automation
from pulumi.automation.errors import create_command_error

from forebay.errors import InterruptedRunError
from forebay.life.quick_stack import FoundCommand


class InterruptibleCommand(FoundCommand):
    """The engine that was found, in a process group of its own."""

    def run(
        self,
        args: list[str],
        cwd: str,
        additional_env: Mapping[str, str],
        on_output: Callable[[str], object] | None = None,  # noqa: ARG002 - the base's; facts come as events
        on_error: Callable[[str], object] | None = None,  # noqa: ARG002 - as above
    ) -> automation.CommandResult:
        """Run the engine to its end.

        Raises:
            InterruptedRunError: If the user stopped it.
            pulumi.automation.CommandError: If it failed.
        """
        with self._begun(args, cwd, additional_env) as process, passing_on_interrupts(process) as interrupts:
            output, errors = process.communicate()
        if interrupts:
            raise InterruptedRunError("stopped; what was done stays, and the next run goes on from there")
        result = automation.CommandResult(output, errors, process.returncode)
        if process.returncode != 0:
            raise create_command_error(result)
        return result

    def _begun(self, args: list[str], cwd: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(  # noqa: S603 - the engine that was found
            [self.command, "--non-interactive", *args],
            cwd=cwd,
            env={**_without_pulumis_own(os.environ), **environment, "PULUMI_AUTOMATION_API": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            process_group=0,
        )


def _without_pulumis_own(environment: Mapping[str, str]) -> dict[str, str]:
    # The user's PULUMI_CONFIG_PASSPHRASE would beat our file, and the stack be lost to every other shell.
    return {name: value for name, value in environment.items() if not name.startswith("PULUMI_")}


@contextmanager
def passing_on_interrupts(process: "subprocess.Popen[str]") -> Iterator[list[int]]:
    """While the block runs, SIGINT goes to the process instead of raising; the list grows with each.

    Only the main thread may choose what a signal does; in another one nothing changes.
    """
    seen: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield seen
        return

    def pass_on(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        process.send_signal(signal.SIGINT if len(seen) == 1 else signal.SIGKILL)

    before = signal.signal(signal.SIGINT, pass_on)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGINT, before)
