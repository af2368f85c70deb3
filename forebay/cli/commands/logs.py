from typing import Annotated

from cyclopts import Parameter, validators

from forebay.cli.around import Around
from forebay.cli.log_files import LogFiles
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected
from forebay.cli.perform import Answer, perform
from forebay.cli.request import Request
from forebay.errors import UsageError

_MOST_LINES = 100_000

EXAMPLES = (
    "forebay logs",
    "forebay logs gateway-blue-0 --follow",
    "forebay logs ray --stack prod --lines 200",
)


def logs(
    name: Annotated[str | None, Parameter(help="A process, as gateway-blue-0; without it all of them.")] = None,
    /,
    *,
    stack: Annotated[str, Parameter(name=["--stack", "-s"], help="The stack.")] = "local",
    follow: Annotated[
        bool, Parameter(name=["--follow", "-f"], negative="", show_default=False, help="Go on until Ctrl-C.")
    ] = False,
    lines: Annotated[
        int,
        Parameter(
            name=["--lines", "-n"],
            help="How many of the last lines of each process.",
            validator=validators.Number(gte=0, lte=_MOST_LINES),
        ),
    ] = 20,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Show what the processes of a stack have logged.

    Lines are passed on as they were written, JSON lines too; with more than one process each begins with its name.
    With --json --follow each line is a JSON object of its own.
    """
    request = Request("logs", stack, None, common.json, common.project)
    if follow:
        return perform(request, around, lambda _: _follow(request, around, name, lines))
    return perform(request, around, lambda _: _show(request, around, name, lines))


def _show(request: Request, around: Around, name: str | None, lines: int) -> Answer:
    files = _files(request, around, name)
    found = files.last(lines)
    return Answer(
        {"lines": [{"process": process, "line": line} for process, line in found]},
        tuple(_prefixed(process, line, files) for process, line in found),
    )


def _follow(request: Request, around: Around, name: str | None, lines: int) -> Answer:
    files = _files(request, around, name)
    try:
        for process, line in files.follow(lines, around.sleep):
            if request.json:
                around.console.json_line({"process": process, "line": line})
            else:
                around.console.say(_prefixed(process, line, files))
    except KeyboardInterrupt:
        # The one way to end it.
        return Answer(is_silent=True)
    return Answer(is_silent=True)


def _files(request: Request, around: Around, name: str | None) -> LogFiles:
    place = request.known_place(around.environment)
    files = LogFiles.of_folder(place.folder.logs)
    if name is None:
        return files
    if name not in files.paths:
        known = ", ".join(sorted(files.paths)) or f"none, the stack {place.stack} has not been up"
        raise UsageError(f"there is no process {name} in the stack {place.stack}; those with a log are: {known}")
    return LogFiles({name: files.paths[name]})


def _prefixed(process: str, line: str, files: LogFiles) -> str:
    width = max(map(len, files.paths))
    return line if len(files.paths) == 1 else f"{process:<{width}} | {line}"
