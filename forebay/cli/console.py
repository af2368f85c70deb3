import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command writes: answers to `out`, complaints to `err`.

    Attributes:
        is_live: Whether `out` is a terminal that can redraw lines; otherwise everything is plain lines.
    """

    out: TextIO
    err: TextIO
    is_live: bool = False

    def say(self, *lines: str) -> None:
        """Write lines of the answer."""
        for line in lines:
            self.out.write(f"{line}\n")
        self.out.flush()

    def complain(self, *lines: str) -> None:
        """Write lines that are no part of the answer: what went wrong, or what somebody waits for."""
        for line in lines:
            self.err.write(f"{line}\n")
        self.err.flush()

    def document(self, content: Mapping[str, object]) -> None:
        """Write one JSON object."""
        self.say(json.dumps(content, indent=2, ensure_ascii=False, default=str))

    def json_line(self, content: Mapping[str, object]) -> None:
        """Write one JSON object in a line, one of many."""
        self.say(json.dumps(content, ensure_ascii=False))


def wants_live(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether progress may be drawn: a terminal, no CI, no wish for plain text (https://no-color.org)."""
    plain = environment.get("NO_COLOR") or environment.get("CI") or environment.get("TERM") == "dumb"
    return stream.isatty() and os.name == "posix" and not plain
