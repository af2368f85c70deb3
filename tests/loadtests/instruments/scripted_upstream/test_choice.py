from __future__ import annotations

from collections import Counter

from loadtests.instruments.scripted_upstream import Rule, Script, Step
from loadtests.instruments.scripted_upstream.choice import StepChoice

HALF_DOWN = Script(rules=(Rule(steps=(Step(weight=0.5), Step(status=503, weight=0.5))),), seed=7)


def draws(script: Script, count: int) -> list[int]:
    choice = StepChoice(script)
    return [choice.step_for(model="m", path="/").status for _ in range(count)]


def test_steps_are_drawn_by_their_weight() -> None:
    counts = Counter(draws(HALF_DOWN, 2000))
    assert 900 < counts[503] < 1100


def test_the_same_seed_draws_the_same_steps() -> None:
    assert draws(HALF_DOWN, 50) == draws(HALF_DOWN, 50)
    assert draws(HALF_DOWN, 50) != draws(HALF_DOWN.model_copy(update={"seed": 8}), 50)


def test_the_first_matching_rule_wins() -> None:
    first, second = Rule(path="/a", steps=(Step(status=500),)), Rule(steps=(Step(status=501),))
    choice = StepChoice(Script(rules=(first, second)))
    assert choice.step_for(model="m", path="/a").status == 500
    assert choice.step_for(model="m", path="/b").status == 501
