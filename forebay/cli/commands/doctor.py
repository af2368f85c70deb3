from forebay.cli.around import Around
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName, TargetOption
from forebay.cli.perform import Answer, perform
from forebay.cli.request import Request
from forebay.cli.wanted import load_wanted
from forebay.errors import ChecksFailedError

EXAMPLES = (
    "forebay doctor",
    "forebay doctor prod --target local --json",
)


def doctor(
    stack: StackName = "local",
    /,
    *,
    target: TargetOption = None,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Check this machine and one stack on it, and say how to mend what is wrong.

    Looks at Python, memory, disk, the engine (and which way it was found), other programs, ports, folders and
    leftovers. Changes nothing. Exits with 8 if something keeps the stack from being built.
    """
    request = Request("doctor", stack, target, common.json, common.project)
    return perform(request, around, lambda _: _doctor(request, around))


def _doctor(request: Request, around: Around) -> Answer:
    from forebay.cli.render.findings import finding_lines  # noqa: PLC0415 - needs the findings' classes
    from forebay.doctor import CHECKS, Level, Report, StackPorts, run  # noqa: PLC0415 - as above

    place = request.place(around.environment)
    ports = load_wanted(request, place.settings).settings.ports
    facts = around.facts(place, StackPorts(ports.balancer, ports.block_range))
    report = Report(stack=place.stack, findings=tuple(run(CHECKS, facts)))
    failed = [finding.name for finding in report.findings if finding.level is Level.FAIL]
    problem = ChecksFailedError(f"to be mended first: {', '.join(failed)}") if failed else None
    content = {"level": report.level, **report.model_dump(mode="json")}
    return Answer(content, finding_lines(report.findings), problem)
