import json as json_format

from forebay.cli.around import Around
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName, TargetOption
from forebay.cli.perform import Answer, perform
from forebay.cli.request import Request
from forebay.cli.wanted import load_wanted

SHOW_EXAMPLES = (
    "forebay settings show",
    "forebay settings show prod --target local --json",
)

SCHEMA_EXAMPLES = ("forebay settings schema > stacks/schema.json",)


def show(
    stack: StackName = "local",
    /,
    *,
    target: TargetOption = None,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Print a stack's settings as they take effect, defaults included, as a whole stack file."""
    request = Request("settings show", stack, target, common.json, common.project)
    return perform(request, around, lambda _: _show(request, around))


def schema(*, common: CommonOptions = NO_OPTIONS, around: Injected) -> int:
    """Print the JSON Schema of stack files, for editors and other programs; the same with and without --json."""
    request = Request("settings schema", json=common.json, project=common.project)
    return perform(request, around, lambda _: _schema())


def _show(request: Request, around: Around) -> Answer:
    import yaml  # noqa: PLC0415 - other commands do without

    from stacks.settings.stack_file import SETTINGS_KEY  # noqa: PLC0415 - as above

    wanted = load_wanted(request, request.place(around.environment).settings)
    content = wanted.settings.model_dump(mode="json")
    text = yaml.safe_dump({"config": {SETTINGS_KEY: content}}, sort_keys=False, allow_unicode=True)
    return Answer({"target": str(wanted.settings.target), "settings": content}, tuple(text.splitlines()))


def _schema() -> Answer:
    from stacks.settings.schema import json_schema  # noqa: PLC0415 - as above

    found = json_schema()
    return Answer(found, tuple(json_format.dumps(found, indent=2, ensure_ascii=False).splitlines()), is_bare=True)
