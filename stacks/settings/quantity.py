"""Quantities that people write with a unit: ``120s``, ``100GiB``, ``8B``, ``5%``.

Each kind has one table of units. A value is parsed exactly (decimal arithmetic), must be a whole number of the smallest
unit, and is written back in the largest unit that shows it without rounding, so that a dump parses to the same value.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from stacks.settings.words import listed

_QUANTITY = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,9})?)([A-Za-z%]{1,5})")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, eq=False)
class UnitTable:
    """The units of one kind of quantity, as multiples of its smallest unit.

    Attributes:
        noun: what a sentence calls the quantity.
        factors: unit to multiple, smallest first.
        least: the units that a dump uses only from some number on (``120s``, not ``2m``).
        decimals: how many decimals a dump may show.
    """

    noun: str
    factors: Mapping[str, int]
    least: Mapping[str, int] = field(default_factory=dict)
    decimals: int = 0

    def parse(self, text: object) -> int:
        """Return the amount in smallest units; raise a PydanticCustomError that states what is allowed."""
        match = _QUANTITY.fullmatch(text) if isinstance(text, str) else None
        is_known = match is not None and match[2] in self.factors
        amount = Decimal(match[1]) * self.factors[match[2]] if match and is_known else None
        if amount is None or amount != amount.to_integral_value():
            raise PydanticCustomError("quantity", "{allowed}", {"allowed": self.form})
        return int(amount)

    def format(self, amount: int) -> str:
        """Return the amount in the largest unit that shows it exactly."""
        for unit, factor in reversed(tuple(self.factors.items())):
            number = Decimal(amount) / factor
            if number >= self.least.get(unit, 1) and round(number, self.decimals) == number:
                return f"{number.normalize():f}{unit}"
        smallest, factor = next(iter(self.factors.items()))
        return f"{(Decimal(amount) / factor).normalize():f}{smallest}"

    @property
    def form(self) -> str:
        """What a sentence says is allowed."""
        return f"{self.noun} in {listed(self.factors)}" if len(self.factors) > 1 else self.noun

    @property
    def pattern(self) -> str:
        """A regular expression for editors."""
        return rf"^[0-9]+(\.[0-9]+)?({'|'.join(self.factors)})$"


DURATIONS = UnitTable(
    "a duration",
    {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000},
    least={"m": 3, "d": 3},
)
SIZES = UnitTable(
    "a size",
    {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40},
)
PARAMETER_COUNTS = UnitTable(
    "a number of parameters",
    {"K": 10**3, "M": 10**6, "B": 10**9},
    decimals=2,
)
# A hundred-thousandth of a per cent, so that 99.99 % and 0.001 % are both exact.
RATIOS = UnitTable("a percentage such as 5%", {"%": 100_000}, decimals=5)
_WHOLE = 100 * RATIOS.factors["%"]


def parse_duration(value: object) -> timedelta:
    """Return ``value`` as a timedelta, from text such as ``120s``; a timedelta passes."""
    return value if isinstance(value, timedelta) else DURATIONS.parse(value) * _MILLISECOND


def format_duration(value: timedelta) -> str:
    """Return text that `parse_duration` reads back."""
    return DURATIONS.format(amount_of(value))


def _parse_ratio(value: object) -> float:
    return RATIOS.parse(value) / _WHOLE


def format_ratio(value: float) -> str:
    """Return a share as a percentage that reads back."""
    return RATIOS.format(amount_of(value))


def amount_of(value: timedelta | float) -> int:
    """Return a parsed quantity in the smallest unit of its table."""
    if isinstance(value, timedelta):
        return value // _MILLISECOND
    return value if isinstance(value, int) else round(value * _WHOLE)


def _parse_size(value: object) -> int:
    return SIZES.parse(value)


def _parse_parameter_count(value: object) -> int:
    return PARAMETER_COUNTS.parse(value)


def _schema(table: UnitTable) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": table.pattern})


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str),
    _schema(DURATIONS),
    DURATIONS,
]
Size = Annotated[
    int,
    BeforeValidator(_parse_size),
    PlainSerializer(SIZES.format, return_type=str),
    _schema(SIZES),
    SIZES,
]
ParameterCount = Annotated[
    int,
    BeforeValidator(_parse_parameter_count),
    PlainSerializer(PARAMETER_COUNTS.format, return_type=str),
    _schema(PARAMETER_COUNTS),
    PARAMETER_COUNTS,
]
Ratio = Annotated[
    float,
    BeforeValidator(_parse_ratio),
    PlainSerializer(format_ratio, return_type=str),
    _schema(RATIOS),
    RATIOS,
]
