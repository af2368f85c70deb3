from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.checker.violation import Invariant, Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from loadtests.instruments.checker.operation import Run


def isolation(run: Run) -> Iterator[Violation]:
    """I2: no operation receives bytes of another, told by the nonces in its content."""
    owners = {operation.invoke.nonce: operation.name for operation in run.operations}
    for operation in run.operations:
        for nonce in operation.seen.nonces:
            if nonce != operation.invoke.nonce:
                owner = owners.get(nonce, "an operation outside this history")
                sentence = f"its answer holds {nonce}, which belongs to {owner}"
                yield Violation(Invariant.ISOLATION, operation.name, sentence)
