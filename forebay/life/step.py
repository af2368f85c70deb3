"""What the engine does, as a stream of small facts that a person, a progress bar or a test can follow."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, OpType, StepEventMetadata

Phase = Literal["begin", "end", "fail"]

_HOSTS_WORDS = r"Unexpected <class '[\w.]+'>: |an unhandled error occurred: |python inline source runtime error: "
_STACK = "pulumi:pulumi:Stack"
_QUIET = frozenset({"same", "read", "refresh"})


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the engine began, ended or failed to do with one resource.

    Attributes:
        operation: The engine's word: `create`, `update`, `delete`, `replace`, `same`, `refresh` …
        kind: The resource's type token.
        changed: The inputs that differ, in alphabetical order.
    """

    phase: Phase
    operation: str
    kind: str
    name: str
    changed: tuple[str, ...] = ()

    @property
    def changes_something(self) -> bool:
        return self.operation not in _QUIET


@dataclass(frozen=True, slots=True)
class Complaint:
    """What the engine or a provider has to say about a resource: an error or a warning."""

    severity: str
    name: str
    message: str


Follow = Callable[[Step | Complaint], None]


def read_event(event: "EngineEvent") -> Iterator[Step | Complaint]:
    """The facts in one of the engine's events; most hold one, some none."""
    if event.resource_pre_event:
        yield _step("begin", event.resource_pre_event.metadata)
    if event.res_outputs_event:
        yield _step("end", event.res_outputs_event.metadata)
    if event.res_op_failed_event:
        yield _step("fail", event.res_op_failed_event.metadata)
    diagnostic = event.diagnostic_event
    if diagnostic and diagnostic.severity in {"error", "warning"} and not diagnostic.ephemeral:
        yield Complaint(diagnostic.severity, _name(diagnostic.urn or ""), _sentence(diagnostic.message))


def read_outputs(event: "EngineEvent") -> Mapping[str, object]:
    """What the program exports, in the event that ends the stack's own step; nothing in all others."""
    metadata = event.res_outputs_event.metadata if event.res_outputs_event else None
    if metadata is None or metadata.type != _STACK or metadata.new is None:
        return {}
    return metadata.new.outputs or {}


def _step(phase: Phase, metadata: "StepEventMetadata") -> Step:
    changed = tuple(sorted(metadata.detailed_diff or metadata.diffs or ()))
    return Step(phase, _word(metadata.op), metadata.type, _name(metadata.urn), changed)


def _sentence(message: str) -> str:
    # The provider host and the inline program's host put words of their own around what was raised.
    said = message.partition("\nTraceback (most recent call last)")[0]
    return re.sub(_HOSTS_WORDS, "", said).strip()


def _word(operation: "OpType | str") -> str:
    return str(getattr(operation, "value", operation))


def _name(urn: str) -> str:
    return urn.rsplit("::", 1)[-1]
