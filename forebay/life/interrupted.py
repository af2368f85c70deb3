"""What a killed `up` or `down` leaves, and how the next command goes on from there without asking.

A killed run leaves the engine's lock file, the operation that it was in the middle of, and for a moment the engine and
its providers. The order here matters: end the processes first, so that nobody else writes; then break the lock; then
drop the half-done operations from the state. Dropping is safe because every kind of local resource looks before it
creates: the next `up` adopts what the interrupted one had made.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.local.folder import StackFolder
from infra.local.leftovers import RUN_VARIABLE, marked, sweep
from infra.local.private_file import write_private
from infra.local.provider.kinds import all_kinds

if TYPE_CHECKING:
    from pulumi.automation import Stack


def was_interrupted(state: Path) -> bool:
    """Whether a run on this file backend left its lock or an operation half done."""
    if any(state.glob(".pulumi/locks/**/*.json")):
        return True
    files = state.glob(".pulumi/stacks/*/*.json")
    return any(
        (json.loads(file.read_text()).get("checkpoint", {}).get("latest") or {}).get("pending_operations")
        for file in files
    )


def end_earlier_run(stack_folder: str) -> int:
    """Kill the engine and providers of a run whose `forebay` is gone; returns how many there were.

    Only to be called with the stack's lock held: then no other run is alive.
    """
    return sweep(lambda: marked(RUN_VARIABLE, stack_folder))


@dataclass(frozen=True, slots=True)
class HalfDone:
    """An operation that a killed run was in the middle of."""

    urn: str
    kind: str
    operation: str
    inputs: Mapping[str, object]


def drop_pending(stack: "Stack", file: Path) -> None:
    """Break the engine's lock and drop half-done operations from the state; `file` remembers them.

    They are written down first: were this run killed too, the next one would still know what to look for.
    """
    stack.cancel()
    exported = stack.export_stack()
    deployment = dict(exported.deployment or {})
    pending = deployment.pop("pending_operations", None) or []
    if pending:
        known = [asdict(one) for one in read_half_done(file)]
        write_private(file, json.dumps(known + [asdict(_half_done(operation)) for operation in pending]))
        exported.deployment = deployment
        stack.import_stack(exported)


def read_half_done(file: Path) -> tuple[HalfDone, ...]:
    """The half-done operations that no `up` has dealt with yet."""
    try:
        return tuple(HalfDone(**one) for one in json.loads(file.read_text()))
    except FileNotFoundError:
        return ()


def remove_orphans(stack: "Stack", folder: StackFolder, half_done: tuple[HalfDone, ...]) -> None:
    """Take away what a killed run had begun to create and the settings no longer ask for.

    To be called after an `up`: what is still asked for is in the state by then.
    """
    kept = {resource["urn"] for resource in (stack.export_stack().deployment or {}).get("resources", [])}
    kinds = all_kinds(folder, secrets.token_hex)
    for orphan in half_done:
        kind = kinds.get(orphan.kind)
        if orphan.operation == "creating" and orphan.urn not in kept and kind is not None:
            kind.delete(kind.inputs.model_validate(orphan.inputs))


def _half_done(operation: Mapping[str, Any]) -> HalfDone:
    resource = operation["resource"]
    return HalfDone(resource["urn"], resource["type"], operation["type"], resource.get("inputs", {}))
