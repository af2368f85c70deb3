from collections.abc import Callable
from types import TracebackType
from typing import Self

from forebay.cli.console import Console
from forebay.cli.render.words import seconds, words
from forebay.cli.tally import is_shown
from forebay.life.step import Complaint, Step
from forebay.tools.progress import Advance


class PlainView:
    """One line for each thing that is done, for logs and pipes."""

    def __init__(self, console: Console, now: Callable[[], float], *, shows_steps: bool = True) -> None:
        self._console = console
        self._now = now
        self._begun: dict[tuple[str, str], float] = {}
        self._task = ""
        self._shows_steps = shows_steps

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return

    def follow(self, fact: Step | Complaint, /) -> None:
        if isinstance(fact, Complaint) or not (self._shows_steps and is_shown(fact) and fact.changes_something):
            return
        resource = (fact.kind, fact.name)
        if fact.phase == "begin":
            self._begun[resource] = self._now()
            return
        done = words(fact.operation).done if fact.phase == "end" else "failed"
        took = self._now() - self._begun.pop(resource, self._now())
        self._console.say(f"  {done:<9} {fact.name}  {seconds(took)}")

    def advance(self, advance: Advance, /) -> None:
        # A build says thousands of details; a log wants to know only that something else has begun.
        if advance.task != self._task:
            self._task = advance.task
            self._console.say(f"  {advance.task}{f': {advance.detail}' if advance.detail else ''}")
