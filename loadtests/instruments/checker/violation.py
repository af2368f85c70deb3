from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Invariant(StrEnum):
    """What must hold of every run, whatever fails in it."""

    ONE_OUTCOME = "I1"
    ISOLATION = "I2"
    AMPLIFICATION = "I4"
    STREAM_END = "I7"
    UNPAID = "I9"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True)
class Violation:
    """One breach: of which invariant, by which operation (empty where it is the run's), in one sentence."""

    invariant: Invariant
    operation: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.invariant} {self.operation}: {self.sentence}" if self.operation else self.sentence
