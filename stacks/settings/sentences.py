from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from stacks.settings.allowed import allowed_at, choices_at, unit_table_at
from stacks.settings.problem import Problem
from stacks.settings.quantity import amount_of
from stacks.settings.typed_path import TypedPlace, locate
from stacks.settings.words import listed, shown, suggestion

_RANGE_ERRORS = {"greater_than_equal", "less_than_equal", "greater_than", "less_than"}


def problems_of(error: ValidationError, model: type[BaseModel]) -> tuple[Problem, ...]:
    """Return a problem for each thing that pydantic, or a rule, found wrong with data for ``model``."""
    all_details = error.errors()
    locations = [details["loc"] for details in all_details]
    # A list whose only entry is wrong is also called too short: the wrong entry says enough.
    relevant = [details for details in all_details if not _is_consequence(details, locations)]
    return tuple(dict.fromkeys(problem for details in relevant for problem in _problems(details, model)))


def _is_consequence(details: ErrorDetails, locations: Sequence[Sequence[str | int]]) -> bool:
    own = details["loc"]
    return details["type"] == "too_short" and any(len(loc) > len(own) and loc[: len(own)] == own for loc in locations)


def _problems(details: ErrorDetails, model: type[BaseModel]) -> Iterator[Problem]:
    kind, context = details["type"], details.get("ctx", {})
    if kind == "rules":
        yield from context["problems"]
        return
    place = locate(model, details["loc"])
    if kind == "extra_forbidden":
        yield _unknown(place)
    elif kind == "missing":
        yield Problem(place.path, f"is missing: set {allowed_at(place)}")
    elif kind in {"union_tag_invalid", "union_tag_not_found"}:
        yield _wrong_tag(place, context, details["input"])
    else:
        yield Problem(place.path, _wrong_value(place, kind, details["input"]))


def _unknown(place: TypedPlace) -> Problem:
    known = list(place.owner.model_fields) if place.owner else []
    meant = suggestion(str(place.path[-1]), known)
    advice = f"did you mean {meant}?" if meant else f"the keys here are {listed(known, 'and')}"
    return Problem(place.path, f"is not a setting: {advice}")


def _wrong_tag(place: TypedPlace, context: Mapping[str, Any], value: object) -> Problem:
    name = str(context["discriminator"]).strip("'")
    tagged = [place.step(tag) for tag in _tags(place, name)]
    choices = [choice for member in tagged for choice in choices_at(member.step(name))]
    given = value.get(name) if isinstance(value, Mapping) else None
    text = f"is missing: set {listed(choices)}" if given is None else f"is {shown(given)}: {_one_of(choices, given)}"
    return Problem((*place.path, name), text)


def _tags(place: TypedPlace, name: str) -> list[str]:
    return [choices_at(member.step(name))[0] for member in place.members]


def _one_of(choices: list[str], given: object) -> str:
    meant = suggestion(str(given), choices)
    return f"it must be {listed(choices)}" + (f"; did you mean {meant}?" if meant else "")


def _wrong_value(place: TypedPlace, kind: str, value: object) -> str:
    subject = "is no allowed name" if place.is_key else f"is {_shown_value(place, kind, value)}"
    choices = choices_at(place)
    if choices and not place.is_optional:
        return f"{subject}: {_one_of(list(choices), value)}"
    return f"{subject}: it must be {allowed_at(place)}"


def _shown_value(place: TypedPlace, kind: str, value: object) -> str:
    table = unit_table_at(place)
    if table is not None and kind in _RANGE_ERRORS and isinstance(value, timedelta | int | float):
        return table.format(amount_of(value))
    return shown(value)
