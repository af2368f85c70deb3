"""The sections of the settings, in the order of the file, for what is generated from the types."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from stacks.settings.typed_path import TypedPlace


def sections_of(root: type[BaseModel]) -> Mapping[type[BaseModel], tuple[str, ...]]:
    """Return each section below ``root`` with every path at which it may stand; ``root`` itself has the empty path."""
    found: dict[type[BaseModel], list[str]] = {}
    for path, section in _walk("", root):
        found.setdefault(section, []).append(path)
    return {section: tuple(dict.fromkeys(paths)) for section, paths in found.items()}


def holds_sections(place: TypedPlace) -> bool:
    """Whether a value at ``place`` is a section."""
    return any(is_section(member.annotation) for member in place.members)


def is_section(annotation: object) -> bool:
    """Whether ``annotation`` is the type of a section."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def is_mapping(annotation: object) -> bool:
    """Whether ``annotation`` is the type of a mapping with free keys."""
    origin = get_origin(annotation)
    return isinstance(origin, type) and issubclass(origin, Mapping)


def value_type(annotation: object) -> object:
    """Return the type of the values of a mapping or list."""
    arguments = get_args(annotation)
    return arguments[1] if is_mapping(annotation) else arguments[0]


def default_of(field: FieldInfo) -> Any:  # noqa: ANN401 - any JSON value
    """Return a field's default as a stack file would have it."""
    return TypeAdapter(field.rebuild_annotation()).dump_python(field.default, mode="json")


def _walk(path: str, section: type[BaseModel]) -> Iterator[tuple[str, type[BaseModel]]]:
    yield path, section
    for name, field in section.model_fields.items():
        # A tag tells members of a union apart in a title; the keys below them do without.
        for suffix, nested in _nested(field.annotation):
            yield from _walk(f"{path.partition(' ')[0]}.{name}{suffix}".lstrip("."), nested)


def _nested(annotation: object) -> list[tuple[str, type[BaseModel]]]:
    members = [member.annotation for member in TypedPlace((), annotation).members]
    sections = [member for member in members if isinstance(member, type) and issubclass(member, BaseModel)]
    if sections:
        return [(f" ({_tag(section)})" if len(sections) > 1 else "", section) for section in sections]
    only = members[0]
    if not get_args(only) or not (is_mapping(only) or get_origin(only) is tuple):
        return []
    inner = value_type(only)
    if not holds_sections(TypedPlace((), inner)):
        return []
    return [(f"{'.<name>' if is_mapping(only) else '[]'}{rest}", section) for rest, section in _nested(inner)]


def _tag(section: type[BaseModel]) -> str:
    name = next(name for name in ("kind", "preset") if name in section.model_fields)
    return f"{name} {get_args(section.model_fields[name].annotation)[0]}"
