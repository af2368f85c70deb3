from services.gateway.breaker.window import BUCKETS, Window
from services.gateway.config import RetrySettings


class RetryBudget:
    """How many retries this process may make: a share of the requests of the last seconds, and always a few.

    `now` is an argument. Requests are counted over at most the window and retries over at least the window, so that the
    share holds over any window, wherever it begins.
    """

    def __init__(self, settings: RetrySettings) -> None:
        self._settings = settings
        self._requests = Window(settings.window_seconds)
        self._retries = Window(settings.window_seconds * BUCKETS / (BUCKETS - 1))

    def deposit(self, now: float) -> None:
        """A request came in."""
        self._requests.record(now, good=True)

    def try_withdraw(self, now: float) -> bool:
        """Take one retry; False when there is none left."""
        allowed = max(self._settings.minimum, int(self._settings.budget_ratio * self._requests.good(now)))
        if self._retries.bad(now) >= allowed:
            return False
        self._retries.record(now, good=False)
        return True
