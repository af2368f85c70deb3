from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loadtests.instruments.history import Fail, Invoke, Observation, Ok, Outcome, Record, Unknown, UpstreamCall

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Operation:
    """All that a history holds of one operation; `calls` are the upstreams' with its nonce."""

    invoke: Invoke
    outcomes: tuple[Outcome, ...]
    calls: tuple[UpstreamCall, ...]

    @property
    def name(self) -> str:
        return self.invoke.operation

    @property
    def outcome(self) -> Outcome | None:
        return self.outcomes[0] if self.outcomes else None

    @property
    def seen(self) -> Observation:
        return self.outcomes[0].seen if self.outcomes else Observation()


@dataclass(frozen=True, slots=True)
class Run:
    """A history, joined.

    Attributes:
        strays: outcomes of operations that were never invoked.
        repeated: operation ids that were invoked more than once.
    """

    operations: tuple[Operation, ...]
    strays: tuple[Outcome, ...]
    repeated: tuple[str, ...]


def joined(records: Iterable[Record]) -> Run:
    """The history's records by operation, in the order of their invocation."""
    invokes: dict[str, Invoke] = {}
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    calls: dict[str, list[UpstreamCall]] = defaultdict(list)
    repeated: list[str] = []
    for record in records:
        match record:
            case Invoke(operation=name):
                if name in invokes:
                    repeated.append(name)
                invokes[name] = record
            case UpstreamCall(nonce=nonce):
                calls[nonce].append(record)
            case Ok() | Fail() | Unknown():
                outcomes[record.operation].append(record)
    operations = tuple(
        Operation(invoke=invoke, outcomes=tuple(outcomes[name]), calls=tuple(calls.get(invoke.nonce, ())))
        for name, invoke in invokes.items()
    )
    strays = tuple(outcome for name, found in outcomes.items() if name not in invokes for outcome in found)
    return Run(operations=operations, strays=strays, repeated=tuple(repeated))
