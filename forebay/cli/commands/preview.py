from typing import Annotated

from cyclopts import Parameter

from forebay.cli.around import Around
from forebay.cli.drive import Drive
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName, TargetOption
from forebay.cli.perform import Answer, perform
from forebay.cli.phases import Phases
from forebay.cli.render.changes import change_lines, unchanged_sentence
from forebay.cli.render.choose_view import choose_view
from forebay.cli.request import Request
from forebay.cli.wanted import load_buildable

CHANGES_EXIT_CODE = 10
"""With `--exit-code`, where something would change."""

EXAMPLES = (
    "forebay preview",
    "forebay preview prod --target local --exit-code",
)


def preview(
    stack: StackName = "local",
    /,
    *,
    target: TargetOption = None,
    exit_code: Annotated[
        bool, Parameter(negative="", show_default=False, help="Exit with 10 if something would change.")
    ] = False,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Show exactly what `up` would change, and change nothing.

    A process that was stopped, killed or edited behind the engine's back is a change like an edited setting.
    """
    request = Request("preview", stack, target, common.json, common.project)
    return perform(request, around, lambda phases: _preview(request, around, phases, CHANGES_EXIT_CODE * exit_code))


def _preview(request: Request, around: Around, phases: Phases, code: int) -> Answer:
    place = request.place(around.environment)
    with phases.phase("settings"):
        wanted = load_buildable(request, place.settings)
    drive = Drive(around, phases, choose_view(request, around, shows_steps=False))
    driven = drive.run(place, lambda run: run.preview(), wanted.retargeted)
    content = {"target": str(wanted.settings.target), **driven.content(phases)}
    again = f"forebay up {place.stack}{f' --target {request.target}' if request.target else ''}"
    lines = (
        (*change_lines(driven.changes), f"`{again}` would do this: {len(driven.changes)}.")
        if driven.changes
        else (unchanged_sentence(driven.tally.unchanged),)
    )
    return Answer(content, lines, exit_code=code if driven.changes else 0)
