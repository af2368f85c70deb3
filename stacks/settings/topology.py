from enum import StrEnum, unique

from pydantic import Field

from stacks.settings.section import Section


@unique
class Shape(StrEnum):
    """How the parts of a stack are spread."""

    SINGLE = "single"
    LOAD_BALANCED = "load-balanced"
    MICROSERVICES = "microservices"


class Topology(Section):
    """How the parts of a stack are spread over processes or pods."""

    shape: Shape = Field(
        default=Shape.LOAD_BALANCED,
        description="single: one gateway, no redundancy; load-balanced: several behind a balancer; "
        "microservices: auth, models and cache scale apart.",
    )
    auth_replicas: int | None = Field(
        default=None,
        ge=1,
        le=100,
        description="Replicas of authentication; only with microservices, 2 there unless set.",
    )
    cache_replicas: int | None = Field(
        default=None, ge=1, le=100, description="Replicas of the cache; only with microservices, 2 there unless set."
    )
