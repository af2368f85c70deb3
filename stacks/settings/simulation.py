from datetime import timedelta

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class Simulation(Section):
    """How the simulated model behaves: a continuous batch bounded by its KV cache, slower as it fills."""

    first_token: Duration = Field(
        default=timedelta(milliseconds=60),
        ge=timedelta(0),
        le=timedelta(seconds=60),
        description="Time to the first token on an idle replica.",
    )
    token_interval: Duration = Field(
        default=timedelta(milliseconds=5),
        ge=timedelta(0),
        le=timedelta(seconds=10),
        description="Time between tokens on an idle replica.",
    )
    kv_tokens: int = Field(
        default=65_536, ge=256, le=100_000_000, description="Tokens that the simulated KV cache holds for all requests."
    )
    batch: int = Field(default=32, ge=1, le=1024, description="Requests that are computed at once.")
