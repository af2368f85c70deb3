from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loadtests.instruments.scripted_upstream.script import Script, Step


class StepChoice:
    """Picks the step of each request: counts each rule's uses and draws by weight from the script's seed."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._random = Random(script.seed)  # noqa: S311 - a repeatable draw, not a secret
        self._uses = [0] * len(script.rules)

    def step_for(self, *, model: str, path: str) -> Step:
        for index, rule in enumerate(self._script.rules):
            spent = rule.times is not None and self._uses[index] >= rule.times
            if spent or not rule.matches(model=model, path=path):
                continue
            self._uses[index] += 1
            return self._random.choices(rule.steps, weights=[step.weight for step in rule.steps])[0]
        return self._script.default
