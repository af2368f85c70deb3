"""The Pulumi provider `forebay`: resources `forebay:local:*` are processes, secrets and tasks on this machine."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.provider.experimental.provider import (
    CheckFailure,
    CheckRequest,
    CheckResponse,
    ConfigureRequest,
    ConfigureResponse,
    CreateRequest,
    CreateResponse,
    DeleteRequest,
    DiffRequest,
    DiffResponse,
    PropertyDiff,
    PropertyDiffKind,
    Provider,
    ReadRequest,
    ReadResponse,
    UpdateRequest,
    UpdateResponse,
)
from pydantic import ValidationError

from infra.local.inputs import Inputs
from infra.local.provider.kinds.kind import Kind
from infra.local.provider.values import contains_unknown, from_python, to_python

AnyKind = Kind[Any]


class LocalProvider(Provider):
    """Serves each resource type by its kind; a kind's blocking calls run in threads.

    Args:
        make_kinds: Takes the stack's folder, the provider's one setting (`stackFolder`), and gives for each type token
            (`forebay:local:Process`) what builds it.
    """

    def __init__(self, make_kinds: Callable[[Path], Mapping[str, AnyKind]]) -> None:
        self._make_kinds = make_kinds
        self._kinds: Mapping[str, AnyKind] = {}

    async def configure(self, request: ConfigureRequest) -> ConfigureResponse:
        self._kinds = self._make_kinds(Path(to_python(request.args)["stackFolder"]))
        return await super().configure(request)

    async def check(self, request: CheckRequest) -> CheckResponse:
        given = to_python(request.new_inputs)
        if contains_unknown(given):
            return CheckResponse(inputs=request.new_inputs)
        try:
            return CheckResponse(inputs=_dump(self._kind(request.type).inputs.model_validate(given)))
        except ValidationError as error:
            return CheckResponse(inputs=request.new_inputs, failures=_failures(error))

    async def diff(self, request: DiffRequest) -> DiffResponse:
        old, new = to_python(request.old_state), to_python(request.new_inputs)
        changed = sorted(key for key in old.keys() | new.keys() if old.get(key) != new.get(key))
        replaces = sorted(self._kind(request.type).replaced_by().intersection(changed))
        return DiffResponse(
            changes=bool(changed),
            replaces=replaces,
            delete_before_replace=bool(replaces),
            diffs=changed,
            detailed_diff={key: _property_diff(key in old, key in new, key in replaces) for key in changed},
        )

    async def create(self, request: CreateRequest) -> CreateResponse:
        if request.preview:
            return CreateResponse(resource_id="", properties=request.properties)
        kind, inputs = self._parse(request.type, request.properties)
        await asyncio.to_thread(kind.create, inputs)
        return CreateResponse(resource_id=request.name, properties=request.properties)

    async def read(self, request: ReadRequest) -> ReadResponse:
        kind, inputs = self._parse(request.type, request.inputs or request.properties)
        found = await asyncio.to_thread(kind.read, inputs)
        if found is None:
            return ReadResponse(resource_id="", properties={}, inputs={})
        return ReadResponse(resource_id=request.resource_id, properties=_dump(found), inputs=request.inputs)

    async def update(self, request: UpdateRequest) -> UpdateResponse:
        if not request.preview:
            kind, new = self._parse(request.type, request.news)
            _, old = self._parse(request.type, request.olds)
            await asyncio.to_thread(kind.update, old, new)
        return UpdateResponse(properties=request.news)

    async def delete(self, request: DeleteRequest) -> None:
        kind, inputs = self._parse(request.type, request.properties)
        await asyncio.to_thread(kind.delete, inputs)

    def _kind(self, token: str) -> AnyKind:
        # A child's type in its URN has its parents' types before it.
        return self._kinds[token.rsplit("$", 1)[-1]]

    def _parse(self, token: str, properties: Mapping[str, PropertyValue]) -> tuple[AnyKind, Inputs]:
        kind = self._kind(token)
        return kind, kind.inputs.model_validate(to_python(properties))


def _dump(inputs: Inputs) -> dict[str, PropertyValue]:
    return from_python(inputs.model_dump(mode="json", exclude_none=True))


def _failures(error: ValidationError) -> list[CheckFailure]:
    return [
        CheckFailure(".".join(str(part) for part in problem["loc"]), f"{problem['msg']} (got {problem['input']!r})")
        for problem in error.errors()
    ]


def _property_diff(was: bool, is_: bool, replaces: bool) -> PropertyDiff:  # noqa: FBT001 - the three facts of a change
    if was and is_:
        kind = PropertyDiffKind.UPDATE_REPLACE if replaces else PropertyDiffKind.UPDATE
    elif was:
        kind = PropertyDiffKind.DELETE_REPLACE if replaces else PropertyDiffKind.DELETE
    else:
        kind = PropertyDiffKind.ADD_REPLACE if replaces else PropertyDiffKind.ADD
    return PropertyDiff(kind, input_diff=True)
