import os
import subprocess

from infra.local.folder import StackFolder
from infra.local.inputs import TaskInputs
from infra.local.leftovers import RUN_VARIABLE, STACK_VARIABLE
from infra.local.provider.kinds.kind import ResourceError
from infra.local.supervision.program import minimal_environment


class TaskKind:
    """A thing that three commands make, look at and take away."""

    inputs = TaskInputs

    def __init__(self, folder: StackFolder) -> None:
        self._folder = folder

    def create(self, inputs: TaskInputs) -> None:
        self._run(inputs, inputs.apply)

    def read(self, inputs: TaskInputs) -> TaskInputs | None:
        try:
            self._run(inputs, inputs.check)
        except ResourceError:
            return inputs.model_copy(update={"applied": False})
        return inputs.model_copy(update={"applied": True})

    def update(self, old: TaskInputs, new: TaskInputs) -> None:
        del old
        self._run(new, new.apply)

    def delete(self, inputs: TaskInputs) -> None:
        self._run(inputs, inputs.remove)

    def replaced_by(self) -> frozenset[str]:
        return frozenset({"name"})

    def _run(self, inputs: TaskInputs, command: tuple[str, ...]) -> None:
        try:
            done = subprocess.run(  # noqa: S603 - the program's own command, from its own inputs
                command,
                input=inputs.content,
                env={**minimal_environment(), **_marks(self._folder), **inputs.environment},
                cwd=self._folder.root,
                capture_output=True,
                text=True,
                timeout=inputs.timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise ResourceError(f"{inputs.name} did not end within {inputs.timeout_seconds:g} s") from None
        if done.returncode != 0:
            raise ResourceError(f"{inputs.name}: {_last_line(done.stderr) or f'exit code {done.returncode}'}")


def _marks(folder: StackFolder) -> dict[str, str]:
    # A command outlives a provider that is killed; by these it is found and ended.
    run = os.environ.get(RUN_VARIABLE)
    return {STACK_VARIABLE: folder.marker} | ({RUN_VARIABLE: run} if run else {})


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else ""
