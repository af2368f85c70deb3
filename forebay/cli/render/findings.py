from collections.abc import Iterator, Sequence

from forebay.cli.render.columns import columns
from forebay.doctor import Finding, Level

_MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def finding_lines(findings: Sequence[Finding]) -> tuple[str, ...]:
    """The findings for people, each with what to do about it in a line of its own."""
    return columns([row for finding in findings for row in _rows(finding)])


def _rows(finding: Finding) -> Iterator[tuple[str, str, str]]:
    yield _MARKS[finding.level], finding.name, finding.finding
    if finding.mend and finding.level is not Level.OK:
        yield "", "", f"-> {finding.mend}"
