from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Scaling(Section):
    """How many replicas, and when there are more or fewer; equal bounds mean a fixed number."""

    min_replicas: int = Field(
        default=2,
        ge=0,
        le=1000,
        description="Replicas kept at all times; 0 scales to zero and makes the first call wait.",
    )
    max_replicas: int = Field(default=2, ge=1, le=1000, description="Most replicas under load; each takes its memory.")
    target_ongoing_requests: int = Field(
        default=8, ge=1, le=10_000, description="Requests in progress per replica that scaling aims at."
    )
    upscale_delay: Duration = Field(
        default=timedelta(seconds=10),
        ge=timedelta(0),
        le=timedelta(hours=1),
        description="How long load must last before replicas are added, 0s to 1h.",
    )
    downscale_delay: Duration = Field(
        default=timedelta(minutes=10),
        ge=timedelta(0),
        le=timedelta(hours=24),
        description="How long idleness must last before replicas are removed, 0s to 24h; short ones flap.",
    )

    @property
    def is_fixed(self) -> bool:
        """Whether the number of replicas never changes."""
        return self.min_replicas == self.max_replicas
