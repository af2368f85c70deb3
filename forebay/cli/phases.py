from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Phases:
    """How long each phase of a command took, in seconds, in the order in which they ended."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun = now()
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Take the block's time, whether or not it raises."""
        begun = self._now()
        try:
            yield
        finally:
            self.seconds[name] = round(self._now() - begun, 3)

    @property
    def total(self) -> float:
        """Seconds since the command began."""
        return round(self._now() - self._begun, 3)
