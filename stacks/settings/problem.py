from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

KeyPath = tuple[str | int, ...]


def dotted(path: KeyPath) -> str:
    """Return ``path`` as people write it: ``pools.t4.taints[0].key``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with the settings.

    Attributes:
        path: the key inside ``forebay:settings``; empty where the file as a whole is wrong.
        text: what the value is, what is allowed and what to do, continuing the key into one sentence.
        line: where in the stack file, counted from one; None where there is no file.
    """

    path: KeyPath
    text: str
    line: int | None = None

    @property
    def key(self) -> str:
        """The dotted key."""
        return dotted(self.path)

    @property
    def sentence(self) -> str:
        """The whole sentence, with its full stop."""
        end = "" if self.text.endswith("?") else "."
        return f"{self.key} {self.text}{end}".lstrip()

    def at(self, line: int | None) -> Self:
        """Return the same problem with its line."""
        return replace(self, line=line)


class StackSettingsError(Exception):
    """The settings are wrong: one sentence for each problem, and nothing was changed.

    Attributes:
        problems: at least one, in the order in which they were found.
        path: the stack file, or None where the settings came from elsewhere.
    """

    def __init__(self, problems: Iterable[Problem], path: Path | None = None) -> None:
        self.problems = tuple(problems)
        self.path = path
        super().__init__("\n".join(self.sentences))

    @property
    def sentences(self) -> tuple[str, ...]:
        """Each problem's sentence, led by file and line where they are known."""
        return tuple(f"{self._place(problem)}{problem.sentence}" for problem in self.problems)

    def _place(self, problem: Problem) -> str:
        if self.path is None or not problem.path:
            return ""
        return f"{self.path}: " if problem.line is None else f"{self.path}:{problem.line}: "
