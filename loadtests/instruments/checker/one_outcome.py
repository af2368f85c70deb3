from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Operation, Run

GRACE_SECONDS = 1.0


def one_outcome(run: Run) -> Iterator[Violation]:
    """I1: each operation is invoked once and ends exactly once, within its deadline and one second."""
    for outcome in run.strays:
        yield _violation(outcome.operation, "it has an outcome but was never invoked")
    for name in run.repeated:
        yield _violation(name, "it was invoked more than once")
    for operation in run.operations:
        yield from _outcomes(operation)


def _outcomes(operation: Operation) -> Iterator[Violation]:
    if not operation.outcomes:
        yield _violation(operation.name, "it has no outcome")
    if len(operation.outcomes) > 1:
        kinds = ", ".join(type(outcome).__name__.lower() for outcome in operation.outcomes)
        yield _violation(operation.name, f"it has {len(operation.outcomes)} outcomes: {kinds}")
    limit = operation.invoke.deadline_seconds + GRACE_SECONDS
    for outcome in operation.outcomes:
        took = outcome.time - operation.invoke.time
        if took > limit:
            sentence = f"its outcome came after {took:.2f} s, allowed are {limit:.2f} s (its deadline and one second)"
            yield _violation(operation.name, sentence)


def _violation(operation: str, sentence: str) -> Violation:
    return Violation(Invariant.ONE_OUTCOME, operation, sentence)
