from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from stacks.settings.quantity import Duration, Ratio
from stacks.settings.section import Section


class FixedBreaker(Section):
    """Opens after failures in a row, for a fixed time."""

    preset: Literal["fixed"] = Field(description="A number of failures in a row opens it for a fixed time.")
    failures: int = Field(default=3, ge=1, le=100, description="Failures in a row that open it.")
    open_for: Duration = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long it stays open before one probe is let through, 1s to 1h.",
    )


class AdaptiveBreaker(Section):
    """Opens after failures in a row or a low rate of success, for a time that doubles while probes fail."""

    preset: Literal["adaptive"] = Field(
        description="Failures in a row or a low success rate open it, for growing times."
    )
    failures: int = Field(default=3, ge=1, le=100, description="Failures in a row that open it.")
    success_rate: Ratio = Field(
        default=0.8, ge=0.01, le=1.0, description="Rate of success in `window` below which it opens, 1% to 100%."
    )
    window: Duration = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        le=timedelta(minutes=10),
        description="Over which time the rate of success is taken, 1s to 10m.",
    )
    open_from: Duration = Field(
        default=timedelta(seconds=10),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long it first stays open, 1s to 1h; doubles with each failed probe.",
    )
    open_up_to: Duration = Field(
        default=timedelta(minutes=5),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="How long it stays open at most, 1s to 1h.",
    )


Breaker = Annotated[FixedBreaker | AdaptiveBreaker, Field(discriminator="preset")]


class Breakers(Section):
    """The circuit breakers, one for each endpoint and gateway process."""

    own: Breaker = Field(
        default=AdaptiveBreaker(preset="adaptive"), description="For Ollama and Ray Serve, which recover by themselves."
    )
    hosted: Breaker = Field(default=FixedBreaker(preset="fixed"), description="For Hugging Face, OpenAI and Anthropic.")
