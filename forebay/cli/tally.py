from collections.abc import Callable
from typing import get_args

from forebay.life.step import Complaint, Step
from infra.naming import LocalKind, local_token

_KINDS = frozenset(local_token(kind) for kind in get_args(LocalKind))

# Halves of a replacement, which the engine also reports as a whole.
_HALVES = frozenset({"create-replacement", "delete-replaced"})


def is_shown(step: Step) -> bool:
    """Whether a step is about a thing that people know: no component that only groups, no provider, no whole stack."""
    is_grouping = step.kind.startswith(("pulumi:", "forebay:")) and step.kind not in _KINDS
    return not is_grouping and step.operation not in _HALVES


class Tally:
    """Counts and times what a run of the engine tells, for the summary; called from the thread that reads events."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._begun: dict[tuple[str, str], float] = {}
        self._unchanged: set[tuple[str, str]] = set()
        self.seconds: dict[str, float] = {}
        self.warnings: list[str] = []

    def take(self, fact: Step | Complaint) -> None:
        """Follow one fact."""
        if isinstance(fact, Complaint):
            self._complain(fact)
        elif is_shown(fact):
            self._count(fact)

    @property
    def unchanged(self) -> int:
        """How many resources stayed as they were."""
        return len(self._unchanged)

    def _complain(self, complaint: Complaint) -> None:
        said = f"{complaint.name}: {complaint.message}" if complaint.name else complaint.message
        if complaint.severity == "warning" and said not in self.warnings:
            self.warnings.append(said)

    def _count(self, step: Step) -> None:
        resource = (step.kind, step.name)
        if step.operation == "same":
            self._unchanged.update({resource} if step.phase == "end" else ())
        elif step.changes_something and step.phase == "begin":
            self._begun[resource] = self._now()
        elif step.changes_something and resource in self._begun:
            self.seconds[step.name] = round(self._now() - self._begun.pop(resource), 3)
