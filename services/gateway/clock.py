import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """The only source of time in the gateway's logic."""

    def now(self) -> float:
        """Monotonic seconds; comparable only with other values of the same clock."""
        ...

    def wall(self) -> float:
        """Seconds since the epoch, for what people read and for the expiry of keys."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after `seconds`; negative values return at once."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))
