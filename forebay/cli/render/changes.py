from collections.abc import Sequence

from forebay.cli.render.columns import columns
from forebay.cli.render.words import count, words
from forebay.life.step import Step

# Inputs that describe what is found rather than what is wished: they differ only where something has gone.
_DRIFT = {
    "running": "running: stopped -> started",
    "present": "present: missing -> there",
    "applied": "applied: gone -> there",
}


def change_lines(changes: Sequence[Step]) -> tuple[str, ...]:
    """Each change as a line: its sign, the resource's name, what differs."""
    rows = [(words(step.operation).sign, step.name, _changed(step)) for step in changes]
    return columns(rows, indent="  ")


def change_counts(changes: Sequence[Step]) -> str:
    """The changes in a few words: `2 created, 1 updated`."""
    done = [words(step.operation).done for step in changes]
    return ", ".join(f"{done.count(word)} {word}" for word in dict.fromkeys(done))


def unchanged_sentence(unchanged: int) -> str:
    """What is said of a run that found everything as it should be."""
    return f"Nothing changed: {count(unchanged, 'resource is as it', 'resources are as they')} should be."


def recovered_sentence(recovered: Sequence[str]) -> str:
    """What is said of a run that went on from where another one was stopped."""
    return f"An earlier run had been interrupted; taken up where it stopped: {', '.join(recovered)}."


def _changed(step: Step) -> str:
    return ", ".join(_DRIFT.get(name, name) for name in step.changed) if step.operation == "update" else ""
