from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Idle(Section):
    """What happens to a stack that nobody uses."""

    suspend_after: Duration | None = Field(
        default=None,
        ge=timedelta(minutes=5),
        le=timedelta(days=7),
        description="Suspend serving after this time without requests, 5m to 7d; the next one waits for a cold start.",
    )
