from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Advance:
    """One sign of life from a long job.

    Attributes:
        task: What is being done, as `building the Pulumi engine`.
        detail: What it is at: a package, a file, a line of the tool's own output.
        fraction: How much is done, 0 to 1; None where nobody knows.
    """

    task: str
    detail: str = ""
    fraction: float | None = None


class Progress(Protocol):
    """Who wants to know how a long job is getting on."""

    def __call__(self, advance: Advance, /) -> None: ...


def unheard(_advance: Advance, /) -> None:
    """Progress that nobody listens to."""
