from typing import Literal

PROVIDER_VERSION = "3.250.0"
"""What the local provider reports; the engine warns about one older than its SDK."""

LocalKind = Literal["Supervisor", "Secret", "Process", "Task"]


def local_token(kind: LocalKind) -> str:
    """The type token of a local resource; it is part of every URN, so it never changes."""
    return f"forebay:local:{kind}"


def component_token(module: str, name: str) -> str:
    """The type token of one of our components."""
    return f"forebay:{module}:{name}"
