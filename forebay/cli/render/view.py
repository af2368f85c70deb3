from types import TracebackType
from typing import Protocol, Self

from forebay.life.step import Complaint, Step
from forebay.tools.progress import Advance


class View(Protocol):
    """What shows a run while it goes on; a context manager, since a drawn one must give the terminal back."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...

    def follow(self, fact: Step | Complaint, /) -> None:
        """One fact of the engine's run; comes from another thread."""

    def advance(self, advance: Advance, /) -> None:
        """One sign of life from the search for the engine."""


class Unseen:
    """Shows nothing, as with `--json`."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None:
        return

    def follow(self, _fact: Step | Complaint, /) -> None:
        return

    def advance(self, _advance: Advance, /) -> None:
        return
