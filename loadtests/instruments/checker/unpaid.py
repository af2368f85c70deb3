from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Run

PAID_PROVIDERS = frozenset({"openai", "anthropic"})


def unpaid(run: Run) -> Iterator[Violation]:
    """I9: while paid providers are off, none is called and none answers, whatever fails."""
    for operation in run.operations:
        for call in operation.calls:
            if call.paid:
                sentence = f"it called the paid upstream {call.upstream}, paid providers are off"
                yield Violation(Invariant.UNPAID, operation.name, sentence)
        if operation.seen.provider in PAID_PROVIDERS:
            sentence = f"it was answered by {operation.seen.provider}, paid providers are off"
            yield Violation(Invariant.UNPAID, operation.name, sentence)
