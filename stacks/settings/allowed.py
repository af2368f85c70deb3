from collections.abc import Mapping
from datetime import timedelta
from enum import Enum
from functools import partial
from typing import Literal, TypeVar, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import AnyHttpUrl, BaseModel

from stacks.settings.form import Form
from stacks.settings.quantity import UnitTable, amount_of
from stacks.settings.typed_path import TypedPlace
from stacks.settings.words import listed

_T = TypeVar("_T")


def allowed_at(place: TypedPlace) -> str:
    """Return what a value at ``place`` may be, as words that follow `it must be`."""
    alternatives = [_allowed(member) for member in place.members]
    return f"{listed(alternatives)}, or null" if place.is_optional else listed(alternatives)


def choices_at(place: TypedPlace) -> tuple[str, ...]:
    """Return the values of an enumeration; empty for any other type."""
    return tuple(choice for member in place.members for choice in _choices(member.annotation))


def unit_table_at(place: TypedPlace) -> UnitTable | None:
    """Return the units of a quantity; None for any other type."""
    return _first(place.members[0].metadata, UnitTable)


def _allowed(place: TypedPlace) -> str:
    annotation, metadata = place.annotation, place.metadata
    form, table = _first(metadata, Form), _first(metadata, UnitTable)
    if form is not None:
        return form.noun
    if table is not None:
        return f"{table.form},{_bounds(metadata, table)}"
    choices = _choices(annotation)
    return listed(choices) if choices else f"{_noun(annotation)}{_bounds(metadata) or _length(annotation, metadata)}"


def _choices(annotation: object) -> tuple[str, ...]:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return tuple(str(member.value) for member in annotation)
    return tuple(str(value) for value in get_args(annotation)) if get_origin(annotation) is Literal else ()


def _noun(annotation: object) -> str:
    plain = {bool: "true or false", int: "a whole number", float: "a number", str: "text", AnyHttpUrl: "an http(s) URL"}
    origin = get_origin(annotation) or annotation
    if origin in plain:
        return plain[origin]
    if isinstance(origin, type) and issubclass(origin, BaseModel):
        return f"a section with the keys {listed(origin.model_fields, 'and')}"
    return "a mapping" if isinstance(origin, type) and issubclass(origin, Mapping) else "a list"


def _bounds(metadata: tuple[object, ...], table: UnitTable | None = None) -> str:
    text = partial(_bound, table)
    low, high, above = _first(metadata, Ge), _first(metadata, Le), _first(metadata, Gt)
    if low is not None and high is not None:
        return f" from {text(low.ge)} to {text(high.le)}"
    if above is not None and high is not None:
        return f" above {text(above.gt)} and up to {text(high.le)}"
    return ""


def _bound(table: UnitTable | None, bound: object) -> str:
    if table is not None and isinstance(bound, timedelta | int | float):
        return table.format(amount_of(bound))
    return str(bound)


def _length(annotation: object, metadata: tuple[object, ...]) -> str:
    fewest, most = _first(metadata, MinLen), _first(metadata, MaxLen)
    unit = "characters" if annotation is str else "entries"
    if most is None:
        return f" of {fewest.min_length} or more {unit}" if fewest else ""
    return f" of {f'{fewest.min_length} to' if fewest else 'up to'} {most.max_length} {unit}"


def _first(items: tuple[object, ...], kind: type[_T]) -> _T | None:
    return next((item for item in items if isinstance(item, kind)), None)
