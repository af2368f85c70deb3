import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from forebay.engine.find import Engine
from forebay.errors import InterruptedRunError, UpdateFailedError
from forebay.life import interrupted, workspace
from forebay.life.lock import held
from forebay.life.place import Place
from forebay.life.step import Complaint, Follow, Step, read_event, read_outputs

if TYPE_CHECKING:
    from pulumi.automation import EngineEvent, Stack


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run of the engine did, or would do.

    Attributes:
        changes: Steps that changed something, in the order in which they ended.
        unchanged: How many resources stayed as they are.
        outputs: What the program exports; empty after a preview.
        recovered: Resources that an interrupted run had left half done.
    """

    changes: tuple[Step, ...]
    unchanged: int
    seconds: float
    outputs: dict[str, object] = field(default_factory=dict)
    recovered: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """One stack, one engine, one program: what `up`, `preview` and `down` share.

    Attributes:
        retargeted: The settings to build from, where they are not those of the stack file.
    """

    place: Place
    engine: Engine
    program: Callable[[], None]
    follow: Follow
    now: Callable[[], float] = time.monotonic
    retargeted: Mapping[str, object] | None = None

    def up(self) -> Outcome:
        """Make the stack what its settings say, mending what an interrupted run left.

        Raises:
            LockHeldError: If another process is changing the stack.
            UpdateFailedError: If a resource could not be built; what was built stays, the next `up` goes on.
        """
        begun = self.now()
        with held(self.place.lock):
            stack = self._open()
            half_done = self._recover(stack)
            record = Record(self.follow)
            self._drive(record, lambda: stack.up(refresh=True, on_event=record.take))
            if half_done:
                interrupted.remove_orphans(stack, self.place.folder, half_done)
                self.place.half_done.unlink(missing_ok=True)
        return record.outcome(self.now() - begun, tuple(one.urn for one in half_done))

    def preview(self) -> Outcome:
        """What `up` would change, drift included; changes nothing."""
        begun = self.now()
        record = Record(self.follow)
        with held(self.place.lock):
            is_new = not workspace.exists(self.place)
            try:
                stack = self._open()
                self._drive(record, lambda: stack.preview(refresh=True, on_event=record.take))
            finally:
                if is_new:
                    workspace.forget(self.place)
        return record.outcome(self.now() - begun)

    def down(self) -> Outcome:
        """Take the stack away, with every process, port and file of it, whatever state it is in."""
        begun = self.now()
        record = Record(self.follow)
        with held(self.place.lock):
            if workspace.exists(self.place):
                self._destroy(record)
            self._clear()
        return record.outcome(self.now() - begun)

    def _open(self) -> "Stack":
        interrupted.end_earlier_run(self.place.folder.marker)
        return workspace.open_stack(self.place, self.engine, self.program, self.retargeted)

    def _recover(self, stack: "Stack") -> tuple[interrupted.HalfDone, ...]:
        if interrupted.was_interrupted(self.place.state):
            interrupted.drop_pending(stack, self.place.half_done)
        return interrupted.read_half_done(self.place.half_done)

    def _destroy(self, record: "Record") -> None:
        """Let the engine take the stack away in order; where it cannot, say so and leave it to `_clear`.

        A store that is gone, a lost passphrase or a broken state must not keep anyone from being rid of a stack.
        """
        try:
            stack = self._open()
            self._recover(stack)
            self._drive(record, lambda: stack.destroy(on_event=record.take, run_program=False))
        except InterruptedRunError:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, everything goes all the same
            self.follow(Complaint("warning", "", f"taken away by force, since the engine could not: {error}"))

    def _clear(self) -> None:
        from infra.local.supervision.daemon import SupervisorDaemon  # noqa: PLC0415 - only `down` pays for it

        SupervisorDaemon(self.place.folder).stop()
        workspace.forget(self.place)

    def _drive(self, record: "Record", run: Callable[[], object]) -> None:
        from pulumi.automation import CommandError  # noqa: PLC0415 - loaded by now

        try:
            run()
        except CommandError as error:
            raise UpdateFailedError(record.failure() or _last_words(str(error))) from None


class Record:
    """Follows one run: passes each fact on and keeps what the outcome needs."""

    def __init__(self, follow: Follow) -> None:
        self._follow = follow
        self._changes: list[Step] = []
        self._unchanged: set[str] = set()
        self._errors: list[Complaint] = []
        self._outputs: dict[str, object] = {}

    def take(self, event: "EngineEvent") -> None:
        """Pulumi's callback for each event."""
        self._outputs.update(read_outputs(event))
        for fact in read_event(event):
            self._follow(fact)
            if isinstance(fact, Complaint):
                self._errors += [fact] if fact.severity == "error" else []
            elif fact.phase == "end" and fact.changes_something:
                self._changes.append(fact)
            elif fact.phase == "end" and fact.operation == "same":
                self._unchanged.add(fact.name)

    def failure(self) -> str:
        """The errors in one text, a line each, each once; the engine's own summary only if there is nothing else."""
        named = [f"{error.name}: {error.message}" for error in self._errors if error.name]
        return "\n".join(dict.fromkeys(named or [error.message for error in self._errors]))

    def outcome(self, seconds: float, recovered: tuple[str, ...] = ()) -> Outcome:
        """What this run came to."""
        return Outcome(tuple(self._changes), len(self._unchanged), seconds, dict(self._outputs), recovered)


def _last_words(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "the engine ended without saying why"
