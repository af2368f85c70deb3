from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from forebay.cli.around import Around
from forebay.cli.document import document
from forebay.cli.failure import failure_of
from forebay.cli.phases import Phases
from forebay.cli.request import Request
from forebay.errors import ForebayError


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command found or did.

    Attributes:
        content: What its JSON has beyond that of every command.
        lines: The same for people, apart from what was shown while it ran.
        problem: Why the command did not quite do what was asked, although there is an answer.
        exit_code: The exit code where there is no problem.
        is_bare: Whether `content` is the whole JSON, without what every command has.
        is_silent: Whether all has been said already.
    """

    content: Mapping[str, object] = field(default_factory=dict)
    lines: tuple[str, ...] = ()
    problem: ForebayError | None = None
    exit_code: int = 0
    is_bare: bool = False
    is_silent: bool = False


Work = Callable[[Phases], Answer]


def perform(request: Request, around: Around, work: Work) -> int:
    """Do the work and tell how it went, as text or JSON; returns the exit code."""
    phases = Phases(around.now)
    try:
        answer = work(phases)
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - whatever it is, a person gets one sentence
        return _fail(request, around, phases, error)
    return _tell(request, around, phases, answer)


def _tell(request: Request, around: Around, phases: Phases, answer: Answer) -> int:
    failure = failure_of(answer.problem, request.project_folder(around.environment)) if answer.problem else None
    if answer.is_silent:
        return 0
    if not request.json:
        around.console.say(*answer.lines)
    elif answer.is_bare:
        around.console.document(answer.content)
    else:
        around.console.document(document(request, phases.total, answer.content, failure))
    if failure is None:
        return answer.exit_code
    around.console.complain(failure.message)
    return failure.exit_code


def _fail(request: Request, around: Around, phases: Phases, error: BaseException) -> int:
    failure = failure_of(error, request.project_folder(around.environment))
    if request.json:
        content = {"times": {"phases": phases.seconds, "resources": {}}}
        around.console.document(document(request, phases.total, content, failure))
    around.console.complain(failure.message)
    return failure.exit_code
