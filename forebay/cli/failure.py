import re
import traceback
from dataclasses import dataclass
from pathlib import Path

from forebay.errors import ForebayError, InterruptedRunError
from infra.local.private_file import write_private

DETAILS = Path(".forebay") / "last-error.txt"
"""Below the project: the traceback of the last error that nobody expected."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command failed, as it is told.

    Attributes:
        message: One sentence a line.
        code: One word for programs, such as `port_taken`.
    """

    message: str
    code: str
    exit_code: int


def failure_of(error: BaseException, project: Path) -> Failure:
    """What to tell about the error; one that nobody expected is written down in the project's folder."""
    if isinstance(error, KeyboardInterrupt):
        return failure_of(
            InterruptedRunError("stopped; what was done stays, and the next run goes on from there"), project
        )
    if isinstance(error, ForebayError):
        return Failure(str(error), _word(type(error)), error.exit_code)
    return Failure(_unexpected(error, project), "unexpected", ForebayError.exit_code)


def _unexpected(error: BaseException, project: Path) -> str:
    path = project / DETAILS
    said = " ".join(str(error).split()) or "no message"
    try:
        write_private(path, "".join(traceback.format_exception(error)))
    except OSError as reason:
        return f"{type(error).__name__}: {said}; the details could not be written to {path}: {reason.strerror}"
    return f"{type(error).__name__}: {said}; this is a bug or a broken machine, the details are in {path}"


def _word(error: type[ForebayError]) -> str:
    name = error.__name__.removesuffix("Error")
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
