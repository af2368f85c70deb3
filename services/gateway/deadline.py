import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Deadline:
    """The instant by which a request must have its outcome; set once when it is accepted, only ever shortened.

    Attributes:
        at: Monotonic seconds of the gateway's clock.
    """

    at: float

    @classmethod
    def after(cls, now: float, seconds: float) -> "Deadline":
        return cls(now + seconds)

    @classmethod
    def never(cls) -> "Deadline":
        return cls(math.inf)

    def remaining(self, now: float) -> float:
        """Seconds left, never negative."""
        return max(0.0, self.at - now)

    def expired(self, now: float) -> bool:
        return now >= self.at

    def at_most(self, now: float, seconds: float) -> float:
        """The smaller of `seconds` and what is left."""
        return min(seconds, self.remaining(now))
