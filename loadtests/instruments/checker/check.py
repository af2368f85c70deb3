from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from loadtests.instruments.checker.amplification import AmplificationLimit, amplification
from loadtests.instruments.checker.answered import answered
from loadtests.instruments.checker.isolation import isolation
from loadtests.instruments.checker.one_outcome import one_outcome
from loadtests.instruments.checker.operation import joined
from loadtests.instruments.checker.stream_end import stream_end
from loadtests.instruments.checker.unpaid import unpaid

if TYPE_CHECKING:
    from collections.abc import Iterable

    from loadtests.instruments.checker.violation import Violation
    from loadtests.instruments.history import Record


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a run promises beyond the invariants that hold for each.

    Attributes:
        answered_by: when set, every operation must be answered, by one of these providers.
        echoes: whether those providers echo the nonce.
        paid_allowed: whether paid providers may be called.
        amplification: the limits of I4; None leaves I4 out, for a run that an outage is part of.
    """

    answered_by: frozenset[str] | None = None
    echoes: bool = True
    paid_allowed: bool = False
    amplification: AmplificationLimit | None = field(default_factory=AmplificationLimit)


def check(records: Iterable[Record], expectations: Expectations) -> tuple[Violation, ...]:
    """Every violation in a history; none when it keeps what it promises."""
    run = joined(records)
    found = [*one_outcome(run), *isolation(run), *stream_end(run)]
    if expectations.amplification is not None:
        found.extend(amplification(run, expectations.amplification))
    if not expectations.paid_allowed:
        found.extend(unpaid(run))
    if expectations.answered_by is not None:
        found.extend(answered(run, expectations.answered_by, echoes=expectations.echoes))
    return tuple(found)
