from datetime import timedelta
from enum import StrEnum, unique

from pydantic import Field

from stacks.settings.breaker import Breakers
from stacks.settings.hosted import HostedProviders
from stacks.settings.provider import Provider
from stacks.settings.quantity import Duration, Ratio
from stacks.settings.ray_client import RayClient
from stacks.settings.section import Section
from stacks.settings.timeouts import Timeouts


@unique
class StubPolicy(StrEnum):
    """What happens when only the stub is left."""

    ANSWER = "answer"
    REFUSE = "refuse"


class Retries(Section):
    """How many more calls than requests the gateway may send upstream."""

    budget: Ratio = Field(default=0.1, ge=0.0, le=0.5, description="Retries per request over 10 s, 0% to 50%.")
    minimum: int = Field(default=3, ge=0, le=100, description="Retries per 10 s that are allowed at any load.")
    max_upstream_calls: int = Field(
        default=6,
        ge=1,
        le=6,
        description="Upstream calls for one request: retries, fallbacks and Ray's waits together.",
    )


class Gateway(Section):
    """The gateway processes and how they use their providers."""

    replicas: int = Field(default=2, ge=1, le=200, description="Gateway processes or pods kept at all times.")
    max_replicas: int | None = Field(
        default=None, ge=1, le=200, description="Most pods under load, on a cluster; none means `replicas`, fixed."
    )
    chain: tuple[Provider, ...] | None = Field(
        default=None,
        min_length=1,
        description="Order in which providers are asked; none means every configured one, Ray Serve first.",
    )
    paid_allowed: bool = Field(
        default=False, description="ENABLE_PAID_API: let openai and anthropic into the chain; each call costs money."
    )
    stub: StubPolicy = Field(
        default=StubPolicy.ANSWER,
        description="answer lets the stub reply, marked as degraded; refuse replies 503, which clients can act on.",
    )
    drain: Duration = Field(
        default=timedelta(seconds=30),
        ge=timedelta(seconds=1),
        le=timedelta(seconds=120),
        description="How long a stopping gateway lets its requests end, 1s to 120s; must end within `spot.notice`.",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long it waits for what.")
    retries: Retries = Field(default=Retries(), description="The budget of retries.")
    breakers: Breakers = Field(default=Breakers(), description="When an endpoint is left alone.")
    ray: RayClient = Field(default=RayClient(), description="How it talks to Ray Serve.")
    hosted: HostedProviders = Field(default=HostedProviders(), description="Providers that somebody else runs.")
