from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation
from loadtests.instruments.history import Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Operation, Run


def stream_end(run: Run) -> Iterator[Violation]:
    """I7: `[DONE]` if and only if a finish reason came; nothing twice, nothing after the end, no silent end."""
    for operation in run.operations:
        if operation.invoke.stream and operation.seen.status is not None:
            for sentence in _faults(operation):
                yield Violation(Invariant.STREAM_END, operation.name, sentence)


def _faults(operation: Operation) -> Iterator[str]:
    seen = operation.seen
    if seen.done_markers and seen.finish_reason is None:
        yield "its stream sent [DONE] without a finish reason"
    if seen.done_markers > 1:
        yield f"its stream sent [DONE] {seen.done_markers} times"
    if seen.finish_reason and not seen.done_markers and not isinstance(operation.outcome, Unknown):
        yield f"its stream sent the finish reason {seen.finish_reason} and no [DONE]"
    if seen.error_events > 1:
        yield f"its stream sent {seen.error_events} error events"
    if seen.error_events and seen.finish_reason:
        yield f"its stream sent an error event and the finish reason {seen.finish_reason}"
    if seen.content_after_end:
        yield f"its stream sent {seen.content_after_end} content events after its end"
    if seen.repeated_marks:
        yield f"its stream repeated {seen.repeated_marks} chunks"
    if _is_silent_end(operation):
        yield "its stream ended cleanly with neither a finish reason nor an error event"


def _is_silent_end(operation: Operation) -> bool:
    seen = operation.seen
    succeeded = seen.status is not None and 200 <= seen.status < 300  # noqa: PLR2004 - the 2xx statuses
    return succeeded and seen.ended_cleanly and not seen.finish_reason and not seen.error_events
