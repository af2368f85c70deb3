from datetime import timedelta
from pathlib import Path

import pytest

from forebay.engine.installer import install_engine
from forebay.tools.command import Command, CommandError, OnLine
from forebay.tools.progress import Advance, unheard


class RunnerStandIn:
    def __init__(self, *, reachable: bool) -> None:
        self.commands: list[Command] = []
        self._reachable = reachable

    def __call__(self, command: Command, _on_line: OnLine | None = None, /) -> str:
        self.commands.append(command)
        if not self._reachable:
            raise CommandError("python did not end within 8 s")
        return ""


def test_a_host_that_does_not_answer_is_given_up_on_within_seconds() -> None:
    run = RunnerStandIn(reachable=False)

    with pytest.raises(CommandError, match="its host cannot be reached"):
        install_engine(Path("/cache/pulumi"), "3.250.0", run, unheard)

    [probe] = run.commands
    assert probe.argv[-1] == "probe"
    assert probe.deadline <= timedelta(seconds=10)


def test_a_host_that_answers_may_take_minutes_for_the_download() -> None:
    run = RunnerStandIn(reachable=True)
    said: list[Advance] = []

    install_engine(Path("/cache/pulumi"), "3.250.0", run, said.append)

    _, download = run.commands
    assert list(download.argv[-2:]) == ["/cache/pulumi", "3.250.0"]
    assert download.deadline >= timedelta(minutes=5)
    assert [advance.task for advance in said] == [
        "asking for the official Pulumi engine",
        "downloading the official Pulumi engine",
    ]
