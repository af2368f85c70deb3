from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration, Ratio
from stacks.settings.section import Section


class HardStops(Section):
    """Breaches that end a rollout at once and roll back."""

    error_rate: Ratio = Field(
        default=0.05, ge=0.0001, le=0.05, description="Share of requests not answered that stops a rollout, up to 5%."
    )
    p95_ratio: Ratio = Field(
        default=2.0, ge=1.0, le=2.0, description="95th percentile latency over the previous release's, up to 200%."
    )


class Objectives(Section):
    """What a release must show at the gate; dashboards and alerts use the same numbers."""

    hard_stops: HardStops = Field(default=HardStops(), description="Breaches that roll back at once.")
    error_rate: Ratio = Field(default=0.01, ge=0.0, le=0.05, description="Share of requests that may go unanswered.")
    p95_ratio: Ratio = Field(
        default=1.2, ge=1.0, le=2.0, description="95th percentile latency over the previous release's, with statistics."
    )
    p95_latency: Duration = Field(
        default=timedelta(seconds=1),
        ge=timedelta(milliseconds=1),
        le=timedelta(minutes=5),
        description="95th percentile of a whole answer without streaming, 1ms to 5m; holds also without a baseline.",
    )
    p95_first_token: Duration = Field(
        default=timedelta(milliseconds=500),
        ge=timedelta(milliseconds=1),
        le=timedelta(minutes=5),
        description="95th percentile of the time to a stream's first content, 1ms to 5m.",
    )
    availability: Ratio = Field(
        default=0.999,
        ge=0.5,
        le=0.99999,
        description="Share of requests answered over 30 days, from which burn follows.",
    )
    burn_rate: float = Field(
        default=14.4,
        ge=1,
        le=1000,
        description="Speed at which the error budget may burn over an hour; 1 spends it in 30 days.",
    )
    golden_prompts: Ratio = Field(default=0.95, ge=0.0, le=1.0, description="Share of golden prompts that must pass.")
    minimum_samples: int = Field(
        default=200, ge=1, le=10_000_000, description="Requests below which no objective passes, whatever was measured."
    )
    evidence_valid: Duration = Field(
        default=timedelta(hours=24),
        ge=timedelta(minutes=5),
        le=timedelta(days=7),
        description="How long a passed gate allows promotion, 5m to 7d.",
    )
    kept_releases: int = Field(default=10, ge=1, le=100, description="Good releases kept for rolling back.")
