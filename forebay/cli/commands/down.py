from forebay.cli.around import Around
from forebay.cli.drive import Drive
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName
from forebay.cli.perform import Answer, perform
from forebay.cli.phases import Phases
from forebay.cli.render.changes import change_counts
from forebay.cli.render.choose_view import choose_view
from forebay.cli.render.words import seconds
from forebay.cli.request import Request

EXAMPLES = (
    "forebay down",
    "forebay down prod",
)


def down(
    stack: StackName = "local",
    /,
    *,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Take a stack away: its processes, ports, sockets, data and files.

    Works whatever state the stack is in, also after an interrupted run and without its stack file. Asks for nothing:
    on this machine everything that is taken away can be built again.
    """
    request = Request("down", stack, None, common.json, common.project)
    return perform(request, around, lambda phases: _down(request, around, phases))


def _down(request: Request, around: Around, phases: Phases) -> Answer:
    place = request.known_place(around.environment)
    existed = place.folder.root.exists() or place.folder.run.exists()
    driven = Drive(around, phases, choose_view(request, around)).run(place, lambda run: run.down())
    if not existed:
        said = f"There is nothing of the stack {place.stack} on this machine."
    elif driven.changes:
        said = f"The stack {place.stack} is gone: {change_counts(driven.changes)} in {seconds(phases.total)}."
    else:
        said = f"The stack {place.stack} had no resources left; its files are gone."
    return Answer(driven.content(phases), (said,))
