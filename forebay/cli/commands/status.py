from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from forebay.cli.around import Around
from forebay.cli.options import NO_OPTIONS, CommonOptions, Injected, StackName
from forebay.cli.perform import Answer, perform
from forebay.cli.phases import Phases
from forebay.cli.request import Request
from forebay.errors import NotHealthyError

if TYPE_CHECKING:
    from forebay.life.status import Status

EXAMPLES = (
    "forebay status",
    "forebay status --drift",
    "forebay status --json | jq '.processes[] | select(.role == \"replica\") | .pid'",
)


def status(
    stack: StackName = "local",
    /,
    *,
    drift: Annotated[
        bool, Parameter(negative="", show_default=False, help="Ask the engine, too, what `up` would change.")
    ] = False,
    exit_code: Annotated[
        bool, Parameter(negative="", show_default=False, help="Exit with 7 unless the stack is healthy.")
    ] = False,
    common: CommonOptions = NO_OPTIONS,
    around: Injected,
) -> int:
    """Tell what runs of a stack: processes, health, versions, memory, URL, price.

    Exits with 0 whatever it finds, unless asked otherwise. With --json each process has its name, role (gateway,
    balancer, valkey, ray, ollama, replica, proxy, controller), process id and ports.
    """
    request = Request("status", stack, None, common.json, common.project)

    def work(phases: Phases) -> Answer:
        return _status(request, around, phases, drift=drift, must_be_healthy=exit_code)

    return perform(request, around, work)


def _status(request: Request, around: Around, phases: Phases, *, drift: bool, must_be_healthy: bool) -> Answer:
    from forebay.cli.render.status import status_lines  # noqa: PLC0415 - needs the status's classes
    from forebay.life.status import Health  # noqa: PLC0415 - as above

    place = request.known_place(around.environment)
    found = around.status(place)
    if drift:
        found = replace(found, drift=_drift(request, around, phases, found))
    problem = None
    if must_be_healthy and found.health is not Health.HEALTHY:
        problem = NotHealthyError(f"the stack {place.stack} is {found.health}")
    return Answer(asdict(found), status_lines(found, around.shown), problem)


def _drift(request: Request, around: Around, phases: Phases, found: "Status") -> tuple[dict[str, object], ...]:
    from forebay.cli.drive import Drive  # noqa: PLC0415 - a plain status needs no engine
    from forebay.cli.render.view import Unseen  # noqa: PLC0415 - as above
    from forebay.cli.wanted import load_buildable  # noqa: PLC0415 - as above

    place = request.known_place(around.environment)
    # A rehearsal is compared with what the rehearsal would build now.
    retargeted = replace(request, target=found.target or "local")
    wanted = load_buildable(retargeted, place.settings)
    driven = Drive(around, phases, Unseen()).run(place, lambda run: run.preview(), wanted.retargeted)
    return tuple(
        {"operation": step.operation, "kind": step.kind, "name": step.name, "changed": list(step.changed)}
        for step in driven.changes
    )
