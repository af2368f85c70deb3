from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Spot(Section):
    """The one number from which drain, grace and deregistration delays of spot nodes follow."""

    notice: Duration = Field(
        default=timedelta(seconds=120),
        ge=timedelta(seconds=30),
        le=timedelta(seconds=120),
        description="Warning before a spot node is taken back, 30s to 120s; AWS gives 120s and never more.",
    )
