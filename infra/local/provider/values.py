from collections.abc import Mapping, Sequence
from typing import Any

from pulumi.provider.experimental.property_value import PropertyValue

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""How the engine writes a value that only an update will know."""


def to_python(properties: Mapping[str, PropertyValue]) -> dict[str, Any]:
    """Plain values of a property map; whole numbers, which travel as floats, become integers again."""
    return {key: _plain(value) for key, value in properties.items()}


def from_python(values: Mapping[str, Any]) -> dict[str, PropertyValue]:
    """The property map of plain values."""
    return {key: _property(value) for key, value in values.items()}


def contains_unknown(value: object) -> bool:
    """Whether a plain value is, or holds, one that only an update will know."""
    if isinstance(value, Mapping):
        return any(contains_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(contains_unknown(item) for item in value)
    return value == UNKNOWN


def _plain(wrapped: PropertyValue) -> Any:  # noqa: ANN401 - any JSON value
    value = wrapped.value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(item) for item in value]
    return value


def _property(value: Any) -> PropertyValue:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return PropertyValue({key: _property(item) for key, item in value.items()})
    if isinstance(value, list | tuple):
        return PropertyValue([_property(item) for item in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)
