from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation
from loadtests.instruments.history import Fail, Ok, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Operation, Run
    from loadtests.instruments.history import Observation


def answered(run: Run, providers: frozenset[str], *, echoes: bool = True) -> Iterator[Violation]:
    """Every operation: 2xx, an expected provider, not degraded, its nonce echoed, a stream ended by a finish reason.

    `echoes` is false for a real model, which repeats no nonce.
    """
    for operation in run.operations:
        for sentence in _faults(operation, providers, echoes=echoes):
            yield Violation(Invariant.ANSWERED, operation.name, sentence)


def _faults(operation: Operation, providers: frozenset[str], *, echoes: bool) -> Iterator[str]:
    match operation.outcome:
        case None:
            yield "it has no outcome"
        case Fail(code=code, message=message, seen=seen):
            status = "no status" if seen.status is None else f"status {seen.status}"
            yield f"it failed with {code} ({status}): {message}"
        case Unknown(reason=reason, message=message):
            yield f"its end is unknown ({reason}): {message}"
        case Ok(seen=seen):
            yield from _ok_faults(operation, seen, providers, echoes=echoes)


def _ok_faults(operation: Operation, seen: Observation, providers: frozenset[str], *, echoes: bool) -> Iterator[str]:
    if seen.status is None or not 200 <= seen.status < 300:  # noqa: PLR2004 - the 2xx statuses
        yield f"its status was {seen.status}"
    if seen.provider not in providers:
        expected = ", ".join(sorted(providers))
        yield f"it was answered by {seen.provider or 'an unnamed provider'}, expected was {expected}"
    if seen.degraded:
        yield f"its answer is degraded ({seen.provider})"
    if echoes and operation.invoke.nonce not in seen.nonces:
        yield f"its answer does not echo {operation.invoke.nonce}"
    if operation.invoke.stream and not seen.finish_reason:
        yield "its stream has no finish reason"
