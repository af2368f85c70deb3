import json

import pytest
from pydantic import ValidationError

from forebay.doctor import CHECKS, Finding, Level, Report, run
from forebay.doctor.facts import Facts


def finding(level: Level) -> Finding:
    return Finding(name="thing", level=level, finding="it is so")


def test_on_a_good_machine_every_check_is_ok_and_has_its_own_name(facts: Facts) -> None:
    findings = run(CHECKS, facts)

    assert [(found.name, found.level) for found in findings if found.level is not Level.OK] == []
    assert len({found.name for found in findings}) == len(CHECKS)
    assert all(found.finding for found in findings)


def test_findings_come_in_the_order_of_the_checks(facts: Facts) -> None:
    first = finding(Level.OK)
    second = finding(Level.FAIL)

    assert run([lambda _: first, lambda _: second], facts) == [first, second]


@pytest.mark.parametrize(
    ("levels", "worst"),
    [
        ([], Level.OK),
        ([Level.OK, Level.OK], Level.OK),
        ([Level.OK, Level.WARN], Level.WARN),
        ([Level.FAIL, Level.WARN, Level.OK], Level.FAIL),
    ],
)
def test_a_report_is_as_bad_as_its_worst_finding(levels: list[Level], worst: Level) -> None:
    assert Report(stack="local", findings=tuple(map(finding, levels))).level is worst


def test_the_report_is_plain_json_that_reads_back() -> None:
    report = Report(stack="local", findings=(finding(Level.WARN),))

    text = report.model_dump_json()

    assert json.loads(text) == {
        "stack": "local",
        "findings": [{"name": "thing", "level": "warn", "finding": "it is so", "mend": ""}],
    }
    assert Report.model_validate_json(text) == report


def test_a_finding_takes_no_other_keys() -> None:
    with pytest.raises(ValidationError):
        Finding.model_validate({"name": "thing", "level": "ok", "finding": "it is so", "colour": "red"})
