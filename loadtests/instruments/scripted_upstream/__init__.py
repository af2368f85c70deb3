from __future__ import annotations

from loadtests.instruments.scripted_upstream.calls import Call, as_history
from loadtests.instruments.scripted_upstream.script import (
    Cut,
    Garbage,
    InBandError,
    Oversize,
    Rule,
    Script,
    Stall,
    Step,
    always,
)
from loadtests.instruments.scripted_upstream.server import STEP_HEADER, ScriptedUpstream

__all__ = [
    "STEP_HEADER",
    "Call",
    "Cut",
    "Garbage",
    "InBandError",
    "Oversize",
    "Rule",
    "Script",
    "ScriptedUpstream",
    "Stall",
    "Step",
    "always",
    "as_history",
]
