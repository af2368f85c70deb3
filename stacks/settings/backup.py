from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Backup(Section):
    """Copies of models, configuration, state and stores."""

    enabled: bool = Field(default=False, description="Whether copies are made; without them a lost store stays lost.")
    every: Duration = Field(
        default=timedelta(hours=24),
        ge=timedelta(hours=1),
        le=timedelta(days=7),
        description="Time between copies, 1h to 7d: the most that can be lost.",
    )
    retention: Duration = Field(
        default=timedelta(days=30),
        ge=timedelta(days=1),
        le=timedelta(days=365),
        description="How long a copy is kept, 1d to 365d; each day of it is paid for.",
    )
    copy_to_secondary: bool = Field(
        default=False, description="Also copy to the secondary region; traffic between regions is charged."
    )
