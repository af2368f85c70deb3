"""When an endpoint is taken out, and for how long. Pure: `now` is an argument, nothing is awaited, nothing is admitted.

`fixed`: so many failures in a row, always the same time out. `adaptive`: failures in a row, or a bad share over a
window (one failure in two never makes three in a row); the time out doubles with each ejection, and starts anew once
the endpoint has stayed in for as long as it was last out.
"""

from typing import Protocol

from services.gateway.breaker.window import Window
from services.gateway.config import AdaptiveBreaker, FixedBreaker


class AccrualPolicy(Protocol):
    """Judges a sequence of results of one endpoint."""

    def succeeded(self, now: float) -> None: ...

    def failed(self, now: float) -> bool:
        """Count a failure; whether the endpoint should be taken out now."""
        ...

    def ejected(self, now: float) -> float:
        """The endpoint is taken out: for how many seconds."""
        ...

    def revived(self, now: float) -> None:
        """A probe succeeded; count from zero again."""
        ...


class FixedPolicy:
    """Preset `fixed`."""

    def __init__(self, settings: FixedBreaker) -> None:
        self._settings = settings
        self._consecutive = 0

    def succeeded(self, now: float) -> None:  # noqa: ARG002 - the protocol's signature
        self._consecutive = 0

    def failed(self, now: float) -> bool:  # noqa: ARG002 - the protocol's signature
        self._consecutive += 1
        return self._consecutive >= self._settings.failures

    def ejected(self, now: float) -> float:  # noqa: ARG002 - the protocol's signature
        return self._settings.open_seconds

    def revived(self, now: float) -> None:  # noqa: ARG002 - the protocol's signature
        self._consecutive = 0


class AdaptivePolicy:
    """Preset `adaptive`."""

    def __init__(self, settings: AdaptiveBreaker) -> None:
        self._settings = settings
        self._consecutive = 0
        self._window = Window(settings.window_seconds)
        self._last_out = 0.0
        self._revived_at = 0.0

    def succeeded(self, now: float) -> None:
        self._consecutive = 0
        self._window.record(now, good=True)

    def failed(self, now: float) -> bool:
        self._consecutive += 1
        self._window.record(now, good=False)
        return self._consecutive >= self._settings.failures or self._is_share_bad(now)

    def ejected(self, now: float) -> float:
        stayed_in = now - self._revived_at >= self._last_out
        first, longest = self._settings.first_open_seconds, self._settings.longest_open_seconds
        self._last_out = first if stayed_in or not self._last_out else min(longest, self._last_out * 2)
        # Until revived there is no staying in: a failed probe always doubles.
        self._revived_at = float("inf")
        return self._last_out

    def revived(self, now: float) -> None:
        self._consecutive = 0
        self._window.clear()
        self._revived_at = now

    def _is_share_bad(self, now: float) -> bool:
        good, bad = self._window.good(now), self._window.bad(now)
        enough = good + bad >= self._settings.minimum_requests
        return enough and good < self._settings.success_rate * (good + bad)
