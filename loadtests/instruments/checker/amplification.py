from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Operation, Run

WINDOW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Window:
    """The accepted requests that began within ten seconds from `start`, and their upstream calls."""

    start: float
    requests: int
    calls: int

    @property
    def amplification(self) -> float:
        return self.calls / self.requests


@dataclass(frozen=True, slots=True)
class AmplificationLimit:
    """What is allowed: calls for one request, and the ratio over a window beyond a few extra calls."""

    calls_per_request: int = 6
    ratio: float = 2.0
    extra_calls: int = 3


def windows(run: Run) -> tuple[Window, ...]:
    """The run in windows of ten seconds from its first invocation; a call counts where its request began."""
    accepted = [operation for operation in run.operations if _accepted(operation)]
    if not accepted:
        return ()
    start = min(operation.invoke.time for operation in accepted)
    requests, calls = Counter[int](), Counter[int]()
    for operation in accepted:
        index = int((operation.invoke.time - start) // WINDOW_SECONDS)
        requests[index] += 1
        calls[index] += len(operation.calls)
    return tuple(
        Window(start=start + index * WINDOW_SECONDS, requests=requests[index], calls=calls[index])
        for index in sorted(requests)
    )


def amplification(run: Run, limit: AmplificationLimit) -> Iterator[Violation]:
    """I4: the cap on one request's upstream calls, and on the ratio of calls to requests over ten seconds."""
    for operation in run.operations:
        if len(operation.calls) > limit.calls_per_request:
            sentence = f"it made {len(operation.calls)} upstream calls, allowed are {limit.calls_per_request}"
            yield Violation(Invariant.AMPLIFICATION, operation.name, sentence)
    for window in windows(run):
        if window.calls - window.requests > limit.extra_calls and window.amplification > limit.ratio:
            sentence = (
                f"{window.calls} upstream calls for {window.requests} requests in the ten seconds from"
                f" {window.start:.0f}, allowed are {limit.ratio} a request"
            )
            yield Violation(Invariant.AMPLIFICATION, "", sentence)


def _accepted(operation: Operation) -> bool:
    status = operation.seen.status
    refused = status is not None and HTTPStatus.BAD_REQUEST <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return not refused
