import inspect
from collections.abc import Callable, Sequence

from cyclopts import App, CycloptsError

from forebay.cli.around import Around
from forebay.cli.commands import doctor, down, logs, preview, settings, status, up
from forebay.cli.document import document
from forebay.cli.failure import failure_of
from forebay.cli.request import Request
from forebay.errors import UsageError, exit_codes

_HELP = "Stand language models up on GPUs, or on this machine, with a fast gateway in front."


def build_app() -> App:
    """The commands, their help and their completion; the name of each is its function's."""
    app = App(
        name="forebay",
        help=_HELP,
        version=_version,
        help_format="plaintext",
        help_epilogue=_epilogue(),
        result_action="return_value",
    )
    commands = (
        (up.up, up.EXAMPLES),
        (preview.preview, preview.EXAMPLES),
        (down.down, down.EXAMPLES),
        (status.status, status.EXAMPLES),
        (logs.logs, logs.EXAMPLES),
        (doctor.doctor, doctor.EXAMPLES),
    )
    for place, (command, examples) in enumerate(commands):
        app.command(command, help=_help(command), help_epilogue=_epilogue(examples), sort_key=place)
    group = App(name="settings", help="Look at the settings of the stacks.", sort_key=len(commands))
    group.command(settings.show, help=_help(settings.show), help_epilogue=_epilogue(settings.SHOW_EXAMPLES))
    group.command(settings.schema, help=_help(settings.schema), help_epilogue=_epilogue(settings.SCHEMA_EXAMPLES))
    app.command(group)
    app.command(
        "forebay.cli.commands.completion:install",
        name="--install-completion",
        help="Install shell completion for bash, zsh, fish or PowerShell.",
    )
    return app


def run(arguments: Sequence[str], around: Around) -> int:
    """Run one command line; returns the exit code."""
    app = build_app()
    try:
        command, bound, injected = app.parse_args(list(arguments), exit_on_error=False, print_error=False)
    except CycloptsError as error:
        return _refuse(error, arguments, around)
    result = command(*bound.args, **bound.kwargs, **dict.fromkeys(injected, around))
    return result if isinstance(result, int) else 0


def _refuse(error: CycloptsError, arguments: Sequence[str], around: Around) -> int:
    said = " ".join(str(error).split())
    words = [argument for argument in arguments if not argument.startswith("-")]
    request = Request(" ".join(words[:1]), json="--json" in arguments)
    failure = failure_of(UsageError(f"{said} `forebay --help` lists what there is."), around.folder)
    if request.json:
        around.console.document(document(request, 0, {}, failure))
    around.console.complain(failure.message)
    return failure.exit_code


def _version() -> str:
    from importlib.metadata import version  # noqa: PLC0415 - only `--version` asks

    return version("forebay")


def _help(command: Callable[..., int]) -> str:
    # The terminal's width, not ours, says where a line ends.
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _epilogue(examples: Sequence[str] = ()) -> str:
    meanings = {line.code: line.meaning for line in exit_codes()}
    meanings[preview.CHANGES_EXIT_CODE] = "`preview --exit-code` found changes"
    codes = [f"  {code:>3}  {meaning}" for code, meaning in sorted(meanings.items())]
    shown = ["Examples:", *(f"  {example}" for example in examples), ""] if examples else []
    return "\n".join([*shown, "Exit codes:", *codes])
