from __future__ import annotations

from loadtests.instruments.checker.amplification import AmplificationLimit, Window, windows
from loadtests.instruments.checker.check import Expectations, check
from loadtests.instruments.checker.operation import Operation, Run, joined
from loadtests.instruments.checker.violation import Invariant, Violation

__all__ = [
    "AmplificationLimit",
    "Expectations",
    "Invariant",
    "Operation",
    "Run",
    "Violation",
    "Window",
    "check",
    "joined",
    "windows",
]
