from services.gateway.errors import AttemptsSpentError

UPSTREAM_CALLS_CAP = 6


class Attempts:
    """Counts the upstream calls of one request, whoever makes them: retry, fallback, balance or back-off.

    The stub is no upstream call and is never counted.
    """

    __slots__ = ("_cap", "_used")

    def __init__(self, cap: int = UPSTREAM_CALLS_CAP) -> None:
        self._cap = cap
        self._used = 0

    @property
    def used(self) -> int:
        return self._used

    @property
    def left(self) -> int:
        return self._cap - self._used

    def take(self) -> None:
        """Count one upstream call; raises `AttemptsSpentError` when the cap is reached."""
        if self._used >= self._cap:
            raise AttemptsSpentError(self._cap)
        self._used += 1
