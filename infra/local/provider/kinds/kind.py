from typing import Protocol, TypeVar

from infra.local.inputs import Inputs

Taken = TypeVar("Taken", bound=Inputs)


class ResourceError(Exception):
    """A resource could not be built, changed or removed: one sentence for people."""


class Kind(Protocol[Taken]):
    """One kind of local resource.

    Every call blocks until it is done, may be repeated after an interruption at any point, and looks before it acts: a
    thing that is there already is adopted, a thing that is gone already is not an error to remove.

    Raises:
        ResourceError: From `create`, `update` and `delete`.
    """

    @property
    def inputs(self) -> type[Taken]: ...

    def create(self, inputs: Taken) -> None: ...

    def read(self, inputs: Taken) -> Taken | None:
        """The inputs that would describe what is really there, or None when there is nothing."""

    def update(self, old: Taken, new: Taken) -> None: ...

    def delete(self, inputs: Taken) -> None: ...

    def replaced_by(self) -> frozenset[str]:
        """The inputs (camelCase) whose change needs another resource in place of this one."""
