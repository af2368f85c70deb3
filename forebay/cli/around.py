import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from forebay.cli.console import Console, wants_live
from forebay.life.place import Place

if TYPE_CHECKING:
    from forebay.doctor import StackPorts
    from forebay.doctor.facts import Facts
    from forebay.engine.find import Engine
    from forebay.life.run import Outcome
    from forebay.life.status import Status
    from forebay.life.step import Follow
    from forebay.tools.progress import Progress
    from stacks.settings import StackSettings


class EngineRun(Protocol):
    """What the command line asks of `forebay.life.run.Run`."""

    def up(self) -> "Outcome": ...

    def preview(self) -> "Outcome": ...

    def down(self) -> "Outcome": ...


@dataclass(frozen=True, slots=True)
class Order:
    """One run of the engine.

    Attributes:
        retargeted: The settings to build from, where they are not those of the stack file.
    """

    place: Place
    engine: "Engine"
    follow: "Follow"
    retargeted: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Around:
    """Everything outside the command line that it touches.

    Attributes:
        folder: The current folder; paths below it are shown relative to it.
        require_free_ports: Raises PortTakenError unless the stack can have its ports.
        answers: Whether a URL answers with 2xx within a deadline.
    """

    console: Console
    environment: Mapping[str, str]
    folder: Path
    find_engine: "Callable[[Path, Progress], Engine]"
    run: Callable[[Order], EngineRun]
    require_free_ports: "Callable[[Place, StackSettings], None]"
    answers: Callable[[str], bool]
    status: "Callable[[Place], Status]"
    facts: "Callable[[Place, StackPorts], Facts]"
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def shown(self, path: Path) -> str:
        """The path as a person at this folder would write it."""
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else str(path)


def of_this_process() -> Around:
    """The real terminal, engine and machine."""
    return Around(
        console=Console(sys.stdout, sys.stderr, wants_live(sys.stdout, os.environ)),
        environment=os.environ,
        folder=Path.cwd(),
        find_engine=_find_engine,
        run=_run,
        require_free_ports=_require_free_ports,
        answers=_answers,
        status=_status,
        facts=_facts,
    )


# Each of these imports what only its command needs: the start of `forebay --help` is a third of a second otherwise.


def _find_engine(project: Path, progress: "Progress") -> "Engine":
    from forebay.engine.find import EngineSearch, find_engine  # noqa: PLC0415 - as said above

    return find_engine(EngineSearch.of_this_machine(project), progress)


def _run(order: Order) -> EngineRun:
    from forebay.life.run import Run  # noqa: PLC0415 - as said above
    from stacks.program import program  # noqa: PLC0415 - imports pulumi

    return Run(order.place, order.engine, program(order.place.project), order.follow, retargeted=order.retargeted)


def _require_free_ports(place: Place, settings: "StackSettings") -> None:
    from forebay.life.taken_ports import require_free_ports  # noqa: PLC0415 - as said above

    require_free_ports(place, (settings.ports.balancer, *settings.ports.block_range))


def _answers(url: str) -> bool:
    from infra.local.inputs import Readiness  # noqa: PLC0415 - imports pydantic
    from infra.local.readiness import probe  # noqa: PLC0415 - as above

    return probe(Readiness(http=url))()


def _status(place: Place) -> "Status":
    from forebay.life.observe.eyes import Eyes  # noqa: PLC0415 - as said above
    from forebay.life.status import read_status  # noqa: PLC0415 - as said above

    return read_status(place, Eyes.of_this_machine())


def _facts(place: Place, ports: "StackPorts") -> "Facts":
    from forebay.doctor import gather  # noqa: PLC0415 - as said above
    from forebay.engine.find import EngineSearch  # noqa: PLC0415 - as said above

    return gather(place, ports, EngineSearch.of_this_machine(place.project))
