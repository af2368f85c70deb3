from __future__ import annotations

import pytest
from pydantic import ValidationError

from loadtests.instruments.scripted_upstream import Cut, Garbage, Rule, Script, Stall, Step


def test_a_script_survives_its_trip_through_json() -> None:
    mishaps = (Cut(after_bytes=3, manner="reset"), Stall(after_chunks=1, seconds=2), Garbage())
    script = Script(rules=tuple(Rule(steps=(Step(mishap=mishap),)) for mishap in mishaps), seed=3)
    assert Script.model_validate_json(script.model_dump_json()) == script


def test_a_mishap_has_one_place() -> None:
    with pytest.raises(ValidationError, match="one place"):
        Cut(after_chunks=1, after_bytes=1)


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Script.model_validate({"defualt": {}})
