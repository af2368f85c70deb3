"""Counts over the last seconds, exactly, in a ring of buckets.

Exact counts, not a moving average: an average weighted by arrivals lets a fast burst of one kind hide all the rest.
A bucket is cleared when its turn comes round again, so nothing has to run in the background. `now` is an argument.
"""

import math

BUCKETS = 10


class Window:
    """Two counts, good and bad, over the last `seconds`; the oldest tenth falls out at once."""

    def __init__(self, seconds: float) -> None:
        self._width = seconds / BUCKETS
        self._good = [0] * BUCKETS
        self._bad = [0] * BUCKETS
        self._newest: int | None = None

    def record(self, now: float, *, good: bool) -> None:
        self._advance(now)
        counts = self._good if good else self._bad
        counts[self._slot(now) % BUCKETS] += 1

    def good(self, now: float) -> int:
        self._advance(now)
        return sum(self._good)

    def bad(self, now: float) -> int:
        self._advance(now)
        return sum(self._bad)

    def clear(self) -> None:
        self._good = [0] * BUCKETS
        self._bad = [0] * BUCKETS

    def _slot(self, now: float) -> int:
        return math.floor(now / self._width)

    def _advance(self, now: float) -> None:
        slot = self._slot(now)
        newest = slot if self._newest is None else self._newest
        for passed in range(newest + 1, min(slot, newest + BUCKETS) + 1):
            # When more than a whole turn has passed every bucket is cleared, whichever names it goes by.
            self._good[passed % BUCKETS] = 0
            self._bad[passed % BUCKETS] = 0
        self._newest = max(slot, newest)
