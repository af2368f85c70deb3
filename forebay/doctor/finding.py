from collections.abc import Callable, Iterable
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from forebay.doctor.facts import Facts


class Level(StrEnum):
    """How much a finding matters: `fail` keeps a stack from being built, `warn` does not."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


class Finding(BaseModel):
    """What one check found; the shape of `forebay doctor --json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(description="What was checked, one word or two.")
    level: Level = Field(description="ok, warn or fail.")
    finding: str = Field(description="What is the case, in one sentence.")
    mend: str = Field(default="", description="What to do about it; empty where nothing is to be done.")


class Report(BaseModel):
    """Everything that `forebay doctor` found about this machine and one stack."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stack: str
    findings: tuple[Finding, ...]

    @property
    def level(self) -> Level:
        """The worst level of all findings."""
        order = list(Level)
        return max((finding.level for finding in self.findings), key=order.index, default=Level.OK)


Check = Callable[[Facts], Finding]
"""Looks at facts alone: no clock, no files, no programs."""


def run(checks: Iterable[Check], facts: Facts) -> list[Finding]:
    """One finding for each check, in their order."""
    return [check(facts) for check in checks]
