from typing import Protocol


class Events(Protocol):
    """Where dotted-noun events go; never given a prompt, a key or a secret."""

    def info(self, event: str, **fields: object) -> object: ...

    def warning(self, event: str, **fields: object) -> object: ...

    def error(self, event: str, **fields: object) -> object: ...
