from collections.abc import Callable
from dataclasses import dataclass

from services.gateway.clock import Clock
from services.gateway.telemetry.events import Events
from services.gateway.telemetry.metrics import Metrics


@dataclass(frozen=True, slots=True)
class Tools:
    """The world of one gateway process: time, chance, log and metrics; everything else comes from its configuration.

    Attributes:
        random: Uniform in [0, 1).
    """

    clock: Clock
    random: Callable[[], float]
    events: Events
    metrics: Metrics
