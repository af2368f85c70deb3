from datetime import timedelta
from typing import Literal

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Logs(Section):
    """What is written about requests; never their text."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least serious event that is written; debug is large."
    )
    retention: Duration = Field(
        default=timedelta(days=30),
        ge=timedelta(days=1),
        le=timedelta(days=90),
        description="How long logs are kept, 1d to 90d; staging and prod keep 30d at least.",
    )
    archive: bool = Field(default=False, description="Move older logs to S3 instead of deleting them; AWS only.")
