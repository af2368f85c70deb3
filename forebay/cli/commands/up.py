from pathlib import Path
from typing import TYPE_CHECKING

from forebay.cli.around import Around
from forebay.cli.drive import Drive, Driven
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName, TargetOption
from forebay.cli.perform import Answer, perform
from forebay.cli.phases import Phases
from forebay.cli.render.changes import change_counts, recovered_sentence, unchanged_sentence
from forebay.cli.render.choose_view import choose_view
from forebay.cli.render.invitation import invitation
from forebay.cli.render.words import seconds
from forebay.cli.request import Request
from forebay.cli.wanted import Wanted, load_buildable
from forebay.errors import NotHealthyError
from forebay.life.place import Place

if TYPE_CHECKING:
    from stacks.settings import StackSettings

_ANSWER_SECONDS = 15.0
_POLL_SECONDS = 0.1

EXAMPLES = (
    "forebay up",
    "forebay up prod --target local",
    "forebay up --json | jq .times",
)


def up(
    stack: StackName = "local",
    /,
    *,
    target: TargetOption = None,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Stand a stack up, or bring it to what its settings say now.

    Shows what it will build and its price, then progress, then the URL and a curl line that works. A second run on
    an unchanged stack changes nothing. After an interrupted run it goes on from there, without asking.
    """
    request = Request("up", stack, target, common.json, common.project)
    return perform(request, around, lambda phases: _up(request, around, phases))


def _up(request: Request, around: Around, phases: Phases) -> Answer:
    place = request.place(around.environment)
    with phases.phase("settings"):
        wanted = load_buildable(request, place.settings)
    with phases.phase("ports"):
        around.require_free_ports(place, wanted.settings)
    if not request.json:
        around.console.say(*_plan(place, wanted))
    with phases.phase("secrets"):
        _hand_over_secrets(place, wanted, around)
    driven = Drive(around, phases, choose_view(request, around)).run(place, lambda run: run.up(), wanted.retargeted)
    with phases.phase("answer"):
        problem = _problem(around, driven, place)
    content = {"target": str(wanted.settings.target), **driven.content(phases)}
    return Answer(content, _summary(around, wanted, driven, phases), problem)


def _plan(place: Place, wanted: Wanted) -> tuple[str, ...]:
    from forebay.cli.render.plan import plan  # noqa: PLC0415 - needs the settings' classes

    return plan(place.stack, wanted.settings, is_rehearsal=wanted.retargeted is not None)


def _hand_over_secrets(place: Place, wanted: Wanted, around: Around) -> None:
    from forebay.life.provider_secrets import hand_over_provider_secrets  # noqa: PLC0415 - only `up` builds

    hosted = wanted.settings.gateway.hosted
    if any((hosted.huggingface, hosted.openai, hosted.anthropic)):
        hand_over_provider_secrets(wanted.settings, place.folder, around.environment)


def _problem(around: Around, driven: Driven, place: Place) -> NotHealthyError | None:
    url = f"{driven.outcome.outputs.get('url')}/readyz"
    end = around.now() + _ANSWER_SECONDS
    while not around.answers(url):
        if around.now() > end:
            return NotHealthyError(
                f"the stack {place.stack} stands, but {url} does not answer; `forebay status {place.stack}` says more"
            )
        around.sleep(_POLL_SECONDS)
    return None


def _summary(around: Around, wanted: Wanted, driven: Driven, phases: Phases) -> tuple[str, ...]:
    outputs = driven.outcome.outputs
    url, key_file = str(outputs.get("url")), around.shown(Path(str(outputs.get("keyFile"))))
    took = seconds(phases.total)
    changed = f"{change_counts(driven.changes)} in {took}." if driven.changes else ""
    return (
        *(f"warning: {warning}" for warning in driven.tally.warnings),
        *((recovered_sentence(driven.recovered),) if driven.recovered else ()),
        changed or unchanged_sentence(driven.tally.unchanged),
        "",
        f"URL  {url}",
        f"Key  in {key_file}",
        "",
        invitation(url, key_file, _model(wanted.settings)),
    )


def _model(settings: "StackSettings") -> str:
    chat = (name for name, alias in sorted(settings.aliases.items()) if alias.kind == "chat")
    return next(chat, "chat")
