"""What goes wrong for a person at the command line, and the exit code that says so to a script.

ForebayError                1
├── UsageError              2   a wrong command line, setting or file; nothing was changed
├── ToolMissingError        3
│   └── EngineMissingError  3
├── UpdateFailedError       4
├── LockHeldError           5
├── PortTakenError          6
├── NotHealthyError         7
├── ChecksFailedError       8
└── InterruptedRunError   130

Every message is a sentence for people: what is wrong with which thing, what is allowed, what to do. The command
line prints it as it is and shows no traceback.
"""

from dataclasses import dataclass
from typing import ClassVar


class ForebayError(Exception):
    """The root of what the command line reports as one sentence."""

    exit_code: ClassVar[int] = 1
    meaning: ClassVar[str] = "the command failed; the message says why"


class UsageError(ForebayError):
    """A command line, a setting or a file is not as it must be; nothing was changed."""

    exit_code = 2
    meaning = "wrong usage or settings; nothing was changed"


class ToolMissingError(ForebayError):
    """A program that the command needs can neither be found nor built on this machine."""

    exit_code = 3
    meaning = "a program that Forebay needs cannot be found, fetched or built"


class EngineMissingError(ToolMissingError):
    """No Pulumi engine is to be had in any of the ways."""


class UpdateFailedError(ForebayError):
    """The engine could not build, change or delete a resource; what was done stays."""

    exit_code = 4
    meaning = "the engine failed on a resource; what was done stays, and the next run goes on from there"


class LockHeldError(ForebayError):
    """Another process is changing the same stack."""

    exit_code = 5
    meaning = "another process is changing the same stack"


class PortTakenError(ForebayError):
    """A port that the stack needs belongs to another process."""

    exit_code = 6
    meaning = "a port of the stack is taken by another process"


class NotHealthyError(ForebayError):
    """The stack stands, but it does not answer as it must."""

    exit_code = 7
    meaning = "the stack stands but is not healthy"


class ChecksFailedError(ForebayError):
    """`forebay doctor` found something that keeps a stack from being built."""

    exit_code = 8
    meaning = "doctor found something that keeps a stack from being built"


class InterruptedRunError(ForebayError):
    """The user stopped the command, as by Ctrl-C."""

    exit_code = 130
    meaning = "stopped by the user; the next run goes on from there"


@dataclass(frozen=True, slots=True)
class ExitCode:
    """One line of the table of exit codes in the documentation and in `--help`."""

    code: int
    meaning: str


def exit_codes() -> tuple[ExitCode, ...]:
    """Every exit code once, in ascending order, success first."""
    meanings = {0: "done"}
    for error in error_classes():
        meanings.setdefault(error.exit_code, error.meaning)
    return tuple(ExitCode(code, meanings[code]) for code in sorted(meanings))


def error_classes() -> tuple[type[ForebayError], ...]:
    """The whole tree, the root first, each class before those below it."""
    found: list[type[ForebayError]] = [ForebayError]
    for error in found:
        found.extend(error.__subclasses__())
    return tuple(found)
