from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from stacks.settings.quantity import (
    DURATIONS,
    PARAMETER_COUNTS,
    RATIOS,
    SIZES,
    UnitTable,
    format_duration,
    format_ratio,
    parse_duration,
)

TABLES = [DURATIONS, SIZES, PARAMETER_COUNTS, RATIOS]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("500ms", timedelta(milliseconds=500)),
        ("120s", timedelta(seconds=120)),
        ("1.5h", timedelta(minutes=90)),
        ("30d", timedelta(days=30)),
        ("0s", timedelta(0)),
    ],
)
def test_durations_are_read_with_their_unit(text: str, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        (SIZES, "100GiB", 100 * 2**30),
        (SIZES, "1.5KiB", 1536),
        (PARAMETER_COUNTS, "8B", 8_000_000_000),
        (PARAMETER_COUNTS, "137M", 137_000_000),
        (RATIOS, "5%", 500_000),
        (RATIOS, "99.999%", 9_999_900),
    ],
)
def test_other_quantities_are_read_with_their_unit(table: UnitTable, text: str, expected: int) -> None:
    assert table.parse(text) == expected


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "wrong",
    ["", "5", "s", "-5s", "5 s", "5S", "5GB", "1e3s", "1,5s", "5s5s", "٣s", "1.0000000000s", None, 5, 0.5, True],
)
def test_anything_else_is_refused(table: UnitTable, wrong: object) -> None:
    with pytest.raises(PydanticCustomError):
        table.parse(wrong)


@pytest.mark.parametrize(("table", "fine"), [(DURATIONS, "0.5ms"), (SIZES, "0.1B"), (RATIOS, "0.000001%")])
def test_nothing_is_rounded_silently(table: UnitTable, fine: str) -> None:
    with pytest.raises(PydanticCustomError):
        table.parse(fine)


@pytest.mark.parametrize("table", TABLES)
@given(amount=st.integers(min_value=0, max_value=10**13))
def test_what_is_written_reads_back_exactly(table: UnitTable, amount: int) -> None:
    assert table.parse(table.format(amount)) == amount


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (timedelta(seconds=120), "120s"),
        (timedelta(minutes=5), "5m"),
        (timedelta(hours=24), "24h"),
        (timedelta(days=30), "30d"),
        (timedelta(milliseconds=1500), "1500ms"),
    ],
)
def test_durations_are_written_as_people_say_them(value: timedelta, expected: str) -> None:
    assert format_duration(value) == expected


@pytest.mark.parametrize(("value", "expected"), [(0.05, "5%"), (1.2, "120%"), (0.999, "99.9%"), (0.005, "0.5%")])
def test_shares_are_written_without_the_noise_of_floats(value: float, expected: str) -> None:
    assert format_ratio(value) == expected
