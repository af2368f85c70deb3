from datetime import UTC, datetime

import pytest

from services.gateway.wire.retry_after import LONGEST_RETRY_AFTER, parse_retry_after

WALL = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        (" 1.5 ", 1.5),
        ("0", 0.0),
        ("99999999999", LONGEST_RETRY_AFTER),
        ("9" * 400, None),
        ("-5", None),
        ("nan", None),
        ("1e9", None),
        ("soon", None),
        ("Sat, 21 Nov 2026 12:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 12:00:30", 30.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2099 12:00:00 GMT", LONGEST_RETRY_AFTER),
        ("Sat, 99 Nov 2026 12:00:00 GMT", None),
        ("Fri, 31 Dec 9999 23:59:59 -2359", LONGEST_RETRY_AFTER),
    ],
)
def test_retry_after_is_seconds_within_bounds_or_nothing(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, WALL) == seconds
