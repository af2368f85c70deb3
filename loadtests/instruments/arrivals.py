from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

Arrivals = Literal["poisson", "steady"]


def arrival_times(kind: Arrivals, *, rate: float, seconds: float, random: Random) -> Iterator[float]:
    """Send times in seconds from the start, rising, below `seconds`; `rate` is per second on average."""
    elapsed = 0.0
    while True:
        elapsed += random.expovariate(rate) if kind == "poisson" else 1.0 / rate
        if elapsed >= seconds:
            return
        yield elapsed
