import sys
from typing import TextIO, cast

import msgspec
import structlog

from services.gateway.telemetry.events import Events


def json_log(file: TextIO = sys.stdout) -> Events:
    """A logger that writes one JSON object a line: event, level, timestamp (UTC, ISO) and the fields given."""
    logger = structlog.wrap_logger(
        structlog.WriteLogger(file),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=_encode),
        ],
        wrapper_class=structlog.BoundLogger,
        cache_logger_on_first_use=True,
    )
    return cast("Events", logger)


def _encode(line: object, **_: object) -> str:
    # What msgspec does not know is shown by its text; a log line never fails.
    return msgspec.json.encode(line, enc_hook=str).decode()
