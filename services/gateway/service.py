"""The algebra: a service answers a request, a layer wraps a service, a pipeline is layers in a request's order."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from services.gateway.messages import Reply, Request

Service: TypeAlias = Callable[[Request], Awaitable[Reply]]
Layer: TypeAlias = Callable[[Service], Service]


class Role(Enum):
    """Every place in the pipeline, in the order of a request's path.

    Places without a layer yet (rate limit, cache, admission, route, batch) are free for those to come.
    """

    LOG = auto()
    ERROR_MAP = auto()
    DEADLINE = auto()
    AUTHENTICATE = auto()
    VALIDATE = auto()
    RATE_LIMIT = auto()
    CACHE = auto()
    ADMISSION = auto()
    ROUTE = auto()
    FALLBACK = auto()
    RETRY = auto()
    BALANCE = auto()
    STATS = auto()
    BREAKER = auto()
    BATCH = auto()
    ATTEMPT_TIMEOUT = auto()
    PROVIDER = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """A layer at its place."""

    role: Role
    layer: Layer


def compose(steps: Sequence[Step], service: Service) -> Service:
    """Wrap `service` so that the first step is the outermost.

    Raises:
        ValueError: The steps are not in the order of `Role`, or one role comes twice.
    """
    roles = [step.role.value for step in steps]
    if roles != sorted(set(roles)):
        raise ValueError(f"steps out of order: {', '.join(step.role.name for step in steps)}")
    for step in reversed(steps):
        service = step.layer(service)
    return service
