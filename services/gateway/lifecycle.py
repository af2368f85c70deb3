class Lifecycle:
    """Whether this process wants requests; turned once, when it is told to stop."""

    def __init__(self) -> None:
        self._is_draining = False

    @property
    def is_draining(self) -> bool:
        return self._is_draining

    def drain(self) -> None:
        self._is_draining = True
