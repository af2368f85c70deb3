from types import TracebackType
from typing import Self

from rich.console import Console as Terminal
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from forebay.cli.console import Console
from forebay.cli.render.words import words
from forebay.cli.tally import is_shown
from forebay.life.step import Complaint, Step
from forebay.tools.progress import Advance

_BAR_WIDTH = 24
_DETAIL_WIDTH = 40


class LiveView:
    """A bar for each thing that is being done, redrawn in place."""

    def __init__(self, console: Console, *, shows_steps: bool = True) -> None:
        terminal = Terminal(file=console.out, highlight=False)
        self._progress = Progress(
            TextColumn("  {task.description}"),
            BarColumn(bar_width=_BAR_WIDTH),
            TextColumn("{task.fields[state]}"),
            TimeElapsedColumn(),
            console=terminal,
        )
        self._shows_steps = shows_steps
        self._rows: dict[tuple[str, str], TaskID] = {}
        self._advance: tuple[str, TaskID] | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        self._end_advance()
        self._progress.stop()

    def follow(self, fact: Step | Complaint, /) -> None:
        if isinstance(fact, Complaint) or not is_shown(fact):
            return
        if not (self._shows_steps and fact.changes_something):
            self.advance(Advance("looking at what is there", fact.name))
            return
        self._end_advance()
        resource = (fact.kind, fact.name)
        said = words(fact.operation)
        if fact.phase == "begin" and resource not in self._rows:
            self._rows[resource] = self._progress.add_task(escape(fact.name), total=None, state=said.doing)
        elif resource in self._rows and fact.phase == "end":
            self._progress.update(self._rows[resource], total=1, completed=1, state=f"[green]{said.done}")
        elif resource in self._rows and fact.phase == "fail":
            self._progress.update(self._rows[resource], total=1, completed=0, state="[red]failed")
            self._progress.stop_task(self._rows[resource])

    def advance(self, advance: Advance, /) -> None:
        if self._advance is None or self._advance[0] != advance.task:
            self._end_advance()
            self._advance = (advance.task, self._progress.add_task(escape(advance.task), total=None, state=""))
        total = None if advance.fraction is None else 1.0
        detail = escape(advance.detail[:_DETAIL_WIDTH])
        self._progress.update(self._advance[1], total=total, completed=advance.fraction, state=detail)

    def _end_advance(self) -> None:
        if self._advance is not None:
            self._progress.update(self._advance[1], total=1, completed=1, state="[green]done")
            self._advance = None
