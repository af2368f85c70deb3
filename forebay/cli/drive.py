"""One run of the engine, from finding it to the outcome: what `up`, `preview`, `down` and `status --drift` share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from forebay.cli.around import Around, EngineRun, Order
from forebay.cli.phases import Phases
from forebay.cli.render.view import View
from forebay.cli.tally import Tally, is_shown
from forebay.errors import ForebayError, PortTakenError, UpdateFailedError
from forebay.life.place import Place

if TYPE_CHECKING:
    from forebay.engine.find import Engine
    from forebay.life.run import Outcome
    from forebay.life.step import Complaint, Step

_TAKEN_PORT = " needs port "


@dataclass(frozen=True, slots=True)
class Driven:
    """What a run came to, as people see it: without the resources that only group others."""

    outcome: "Outcome"
    engine: "Engine"
    tally: Tally

    @property
    def changes(self) -> "tuple[Step, ...]":
        return tuple(step for step in self.outcome.changes if is_shown(step))

    @property
    def recovered(self) -> tuple[str, ...]:
        """Names of what an interrupted run had left half done."""
        return tuple(urn.rsplit("::", 1)[-1] for urn in self.outcome.recovered)

    def content(self, phases: Phases) -> dict[str, object]:
        """Its part of the JSON, as `forebay.cli.document` describes it."""
        return {
            "changes": [
                {"operation": step.operation, "kind": step.kind, "name": step.name, "changed": list(step.changed)}
                for step in self.changes
            ],
            "unchanged": self.tally.unchanged,
            "recovered": list(self.recovered),
            "outputs": self.outcome.outputs,
            "engine": {
                "version": self.engine.version,
                "source": str(self.engine.source),
                "path": str(self.engine.path),
            },
            "times": {"phases": phases.seconds, "resources": self.tally.seconds},
            "warnings": list(self.tally.warnings),
        }


@dataclass(frozen=True, slots=True)
class Drive:
    """How a command runs the engine."""

    around: Around
    phases: Phases
    view: View

    def run(
        self,
        place: Place,
        action: "Callable[[EngineRun], Outcome]",
        retargeted: Mapping[str, object] | None = None,
    ) -> Driven:
        """Find the engine, run the action, follow it.

        Raises:
            ForebayError: As the engine's search and the run raise it; a port that was taken meanwhile as such.
        """
        tally = Tally(self.around.now)

        def follow(fact: "Step | Complaint") -> None:
            tally.take(fact)
            self.view.follow(fact)

        with self.view:
            with self.phases.phase("engine"):
                engine = self.around.find_engine(place.project, self.view.advance)
            with self.phases.phase("run"):
                run = self.around.run(Order(place, engine, follow, retargeted))
                outcome = _sorted_out(lambda: action(run))
        return Driven(outcome, engine, tally)


def _sorted_out(action: "Callable[[], Outcome]") -> "Outcome":
    from infra.local.supervision.client import SupervisorError  # noqa: PLC0415 - whoever runs has loaded it

    try:
        return action()
    except UpdateFailedError as error:
        raise _port_taken(error) from None
    except (SupervisorError, TimeoutError) as error:
        raise UpdateFailedError(str(error)) from None


def _port_taken(error: UpdateFailedError) -> ForebayError:
    lines = [line for line in str(error).splitlines() if _TAKEN_PORT in line]
    return PortTakenError("\n".join(lines)) if lines else error
