"""Following a key path through the types of the settings.

Pydantic says where a value is wrong by a path that also names the members of unions it went through. Walking the same
path through the annotations gives the path that a person would write, and the type that says what is allowed there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from stacks.settings.problem import KeyPath

_KEY_MARK = "[key]"


@dataclass(frozen=True)
class TypedPlace:
    """A place in the settings.

    Attributes:
        path: keys and indexes as in the file.
        annotation: the type of the value there; None for a key that does not exist.
        metadata: the constraints of that type.
        owner: the section that the last key is in, where it is in one.
        is_key: whether the value is a mapping's own key.
    """

    path: KeyPath
    annotation: object
    metadata: tuple[object, ...] = ()
    owner: type[BaseModel] | None = None
    is_key: bool = False

    @property
    def members(self) -> tuple["TypedPlace", ...]:
        """The alternatives of a union without None, or the place itself; annotations are taken apart."""
        annotation, metadata = unwrapped(self.annotation)
        metadata = (*self.metadata, *metadata)
        if get_origin(annotation) not in {Union, UnionType}:
            return (TypedPlace(self.path, annotation, metadata, self.owner, self.is_key),)
        return tuple(
            member
            for choice in get_args(annotation)
            if choice is not NoneType
            for member in TypedPlace(self.path, choice, metadata, self.owner, self.is_key).members
        )

    @property
    def is_optional(self) -> bool:
        """Whether None is allowed."""
        return NoneType in get_args(unwrapped(self.annotation)[0])

    def step(self, part: str | int) -> "TypedPlace":
        """Return the place one part of a pydantic location further."""
        members = self.members
        if len(members) > 1:
            return next((member for member in members if _tag_of(member.annotation) == part), self)
        only = members[0]
        if isinstance(only.annotation, type) and issubclass(only.annotation, BaseModel):
            return _field_place((*self.path, part), only.annotation, str(part))
        arguments = get_args(only.annotation)
        origin = get_origin(only.annotation)
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return TypedPlace((*self.path, part), arguments[1])
        return TypedPlace((*self.path, part), arguments[0] if arguments else None)


def locate(model: type[BaseModel], location: Sequence[str | int]) -> TypedPlace:
    """Return the place that pydantic calls ``location`` in ``model``."""
    place = TypedPlace((), model)
    for index, part in enumerate(location):
        if index + 1 < len(location) and location[index + 1] == _KEY_MARK:
            key_type = get_args(place.members[0].annotation)[0]
            return TypedPlace((*place.path, part), key_type, is_key=True)
        place = place.step(part)
    return place


def unwrapped(annotation: object) -> tuple[object, tuple[object, ...]]:
    """Return the type inside ``Annotated``, and its metadata with that of its ``Field``."""
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    inner, *metadata = get_args(annotation)
    return inner, tuple(
        item for entry in metadata for item in (entry.metadata if isinstance(entry, FieldInfo) else [entry])
    )


def _field_place(path: KeyPath, owner: type[BaseModel], name: str) -> TypedPlace:
    field = owner.model_fields.get(name)
    if field is None:
        return TypedPlace(path, None, owner=owner)
    return TypedPlace(path, field.annotation, tuple(field.metadata), owner=owner)


def _tag_of(annotation: object) -> str | None:
    if not isinstance(annotation, type) or not issubclass(annotation, BaseModel):
        return None
    for name in ("kind", "preset"):
        if name in annotation.model_fields:
            return str(get_args(annotation.model_fields[name].annotation)[0])
    return None
