import io
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from forebay.cli.app import run
from forebay.cli.around import Around, Order
from forebay.cli.console import Console
from forebay.doctor import StackPorts
from forebay.doctor.facts import Facts
from forebay.engine.find import Engine, Source
from forebay.life.place import Place
from forebay.life.run import Outcome
from forebay.life.status import Health, Status
from forebay.life.step import Complaint, Step
from forebay.tools.progress import Advance, Progress
from stacks.settings import StackSettings

PROCESS = "forebay:local:Process"

OUTPUTS = {"url": "http://127.0.0.1:8080", "keyFile": "/elsewhere/first-key", "target": "local"}


@dataclass
class ScriptedRun:
    """A run of the engine that tells the facts it is given and ends as it is told."""

    outcome: Outcome = field(default_factory=lambda: Outcome((), 0, 0.0, dict(OUTPUTS)))
    facts: Sequence[Step | Complaint] = ()
    error: BaseException | None = None
    orders: list[Order] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def begin(self, order: Order) -> "ScriptedRun":
        self.orders.append(order)
        return self

    def up(self) -> Outcome:
        return self._run("up")

    def preview(self) -> Outcome:
        return self._run("preview")

    def down(self) -> Outcome:
        return self._run("down")

    def _run(self, action: str) -> Outcome:
        self.asked.append(action)
        for fact in self.facts:
            self.orders[-1].follow(fact)
        if self.error is not None:
            raise self.error
        return self.outcome

    def does(self, *steps: Step, recovered: tuple[str, ...] = ()) -> None:
        """Tell these steps, each begun and ended, and end with them."""
        self.facts = [
            fact
            for step in steps
            for fact in ((replace(step, phase="begin"), step) if step.phase == "end" else (step,))
        ]
        changes = tuple(step for step in steps if step.changes_something)
        self.outcome = Outcome(changes, 0, 1.0, dict(OUTPUTS), recovered)


@dataclass
class Desk:
    """A command line with nothing real around it: what it prints is text, what it touches is scripted."""

    project: Path
    out: io.StringIO
    err: io.StringIO
    engine_run: ScriptedRun
    around: Around
    searches: list[Path]

    def run(self, *arguments: str) -> int:
        return run(arguments, self.around)

    @property
    def said(self) -> str:
        return self.out.getvalue()

    @property
    def complained(self) -> str:
        return self.err.getvalue()

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.said)
        return found

    def given(self, **changes: Any) -> "Desk":  # noqa: ANN401 - any part of what is around
        return replace(self, around=replace(self.around, **changes))


class Clock:
    """Time that goes on by a quarter of a second with each look."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 0.25
        return self._now


def _no_facts(_place: Place, _ports: StackPorts) -> Facts:
    raise AssertionError("nobody asked for facts")


@pytest.fixture
def stack_project(project: Path, tmp_path: Path) -> Path:
    """A project folder with the committed stack files."""
    folder = tmp_path / "project"
    (folder / "stacks").mkdir(parents=True)
    for file in (project / "stacks").glob("Pulumi.*.yaml"):
        shutil.copy(file, folder / "stacks")
    return folder


@pytest.fixture
def desk(stack_project: Path) -> Desk:
    out, err = io.StringIO(), io.StringIO()
    engine_run = ScriptedRun()
    searches: list[Path] = []

    def find_engine(project: Path, progress: Progress) -> Engine:
        searches.append(project)
        progress(Advance("building the engine", "a package"))
        return Engine(Path("/bin/pulumi"), "3.250.0", Source.CACHE)

    def have_ports(_place: Place, _settings: StackSettings) -> None:
        return

    environment: Mapping[str, str] = {"FOREBAY_PROJECT": str(stack_project)}
    around = Around(
        console=Console(out, err),
        environment=environment,
        folder=stack_project,
        find_engine=find_engine,
        run=engine_run.begin,
        require_free_ports=have_ports,
        answers=lambda _url: True,
        status=lambda place: Status(place.stack, Health.NOT_RUNNING),
        facts=_no_facts,
        now=Clock(),
        sleep=lambda _seconds: None,
    )
    return Desk(stack_project, out, err, engine_run, around, searches)


@pytest.fixture
def step() -> Callable[..., Step]:
    """A step that has ended, on a process unless said otherwise."""

    def make(operation: str, name: str, *changed: str, kind: str = PROCESS, phase: Any = "end") -> Step:  # noqa: ANN401 - a literal
        return Step(phase, operation, kind, name, changed)

    return make
