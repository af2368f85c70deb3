MAX_FRAME = 1024 * 1024


class FrameError(ValueError):
    """What an upstream sent is no frame of its wire format; the text holds nothing of what it sent."""


class FrameTooLargeError(FrameError):
    """A line or event passed its limit; nothing more is buffered."""

    def __init__(self, kind: str, limit: int) -> None:
        super().__init__(f"a {kind} of more than {limit} bytes")
