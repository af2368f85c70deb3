import re
from datetime import UTC
from email.utils import parsedate_to_datetime

# A provider that asks for more is asked again anyway: a breaker's longest pause is as long.
LONGEST_RETRY_AFTER = 300.0
_SECONDS = re.compile(r"\d{1,18}(\.\d{1,9})?")


def parse_retry_after(value: str | None, wall: float) -> float | None:
    """Seconds to wait by a Retry-After header (RFC 9110, 10.2.3), between 0 and LONGEST_RETRY_AFTER.

    A date that has passed gives 0; a negative number or anything else that is neither seconds nor a date gives None.
    """
    if value is None:
        return None
    text = value.strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = date if date.tzinfo is not None else date.replace(tzinfo=UTC)
    return min(max(0.0, moment.timestamp() - wall), LONGEST_RETRY_AFTER)
