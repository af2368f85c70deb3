from datetime import timedelta
from typing import Annotated

from pydantic import Field

from stacks.settings.quantity import Duration
from stacks.settings.section import Section


class RayClient(Section):
    """How the gateway talks to Ray Serve while it scales."""

    max_connections: int = Field(
        default=256, ge=1, le=10_000, description="RAY_CLIENT_MAX_CONNECTIONS: open connections per gateway process."
    )
    max_keepalive: int = Field(
        default=64, ge=0, le=10_000, description="RAY_CLIENT_MAX_KEEPALIVE: idle connections that are kept."
    )
    scaling_status_codes: tuple[Annotated[int, Field(ge=400, le=599)], ...] = Field(
        default=(503, 409), description="RAY_SCALING_STATUS_CODES: answers that mean `replicas are still starting`."
    )
    scaling_backoff: Duration = Field(
        default=timedelta(milliseconds=500),
        ge=timedelta(milliseconds=10),
        le=timedelta(seconds=30),
        description="RAY_SCALING_BACKOFF: first wait after such an answer, 10ms to 30s; doubles, with jitter.",
    )
    max_scale_cycles: int = Field(
        default=3,
        ge=0,
        le=6,
        description="RAY_MAX_SCALE_CYCLES: waits before the next provider is asked; also bound by the upstream calls.",
    )
