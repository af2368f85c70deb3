from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Timeouts(Section):
    """How long the gateway waits for what; none of them is ever extended by a retry."""

    connect: Duration = Field(
        default=timedelta(seconds=2),
        ge=timedelta(milliseconds=50),
        le=timedelta(seconds=30),
        description="To connect to a provider, 50ms to 30s.",
    )
    attempt: Duration = Field(
        default=timedelta(seconds=15),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=10),
        description="LLM_TIMEOUT_SECONDS: one attempt, or a stream up to its first content, 1s to 10m.",
    )
    gap: Duration = Field(
        default=timedelta(seconds=15),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=10),
        description="Between two pieces of a stream, 1s to 10m; after it the stream ends with an error event.",
    )
    total: Duration = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="A whole request with all its attempts, from its acceptance, 1s to 1h.",
    )
