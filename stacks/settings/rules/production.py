from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from stacks.settings.environment import Environment
from stacks.settings.pool import Capacity
from stacks.settings.problem import Problem
from stacks.settings.quantity import format_duration, format_ratio
from stacks.settings.topology import Shape

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings

_MINIMUM_COPIES = 2
_MINIMUM_SAMPLES = 100
_MINIMUM_LOG_RETENTION = timedelta(days=30)
_LONGEST_BACKUP_INTERVAL = timedelta(days=1)
_REQUIRED_TAGS = ("owner", "cost-centre")


def production_survives_one_loss(settings: "StackSettings") -> Iterator[Problem]:
    """Prod outlives the loss of a zone, a gateway and all spot nodes, and never goes to sleep."""
    if settings.environment is not Environment.PROD:
        return
    zones = settings.regions.primary.zones
    if len(set(zones)) < _MINIMUM_COPIES:
        yield Problem(
            ("regions", "primary", "zones"), "has one zone, but prod needs 2 or more to survive its loss: add one"
        )
    if settings.topology.shape is Shape.SINGLE:
        yield Problem(("topology", "shape"), "is single, but prod needs redundancy: set load-balanced or microservices")
    elif settings.gateway.replicas < _MINIMUM_COPIES:
        yield Problem(("gateway", "replicas"), f"is {settings.gateway.replicas}, but prod needs 2 or more: raise it")
    if settings.idle.suspend_after is not None:
        yield Problem(("idle", "suspend_after"), "is set, but prod must not go to sleep: remove it")
    if settings.pools and not any(
        pool.capacity is Capacity.ON_DEMAND and pool.min_nodes > 0 for pool in settings.pools.values()
    ):
        yield Problem(
            ("pools",), "have no on-demand floor, which prod needs: add an on-demand pool with min_nodes 1 or more"
        )


def production_can_be_restored(settings: "StackSettings") -> Iterator[Problem]:
    """Prod is backed up at least daily."""
    if settings.environment is not Environment.PROD:
        return
    if not settings.backup.enabled:
        yield Problem(("backup", "enabled"), "is false, but prod must be restorable: set true")
    if settings.backup.every > _LONGEST_BACKUP_INTERVAL:
        yield Problem(
            ("backup", "every"),
            f"is {format_duration(settings.backup.every)}, but prod may lose 24h at most: set 24h or less",
        )


def gates_have_enough_to_judge(settings: "StackSettings") -> Iterator[Problem]:
    """Staging and prod judge by enough requests, keep their logs and name their owner."""
    if not settings.environment.is_gated:
        return
    name = settings.environment
    if settings.objectives.minimum_samples < _MINIMUM_SAMPLES:
        yield Problem(
            ("objectives", "minimum_samples"),
            f"is {settings.objectives.minimum_samples}, but {name} judges by {_MINIMUM_SAMPLES} or more: raise it",
        )
    if settings.logs.retention < _MINIMUM_LOG_RETENTION:
        yield Problem(
            ("logs", "retention"),
            f"is {format_duration(settings.logs.retention)}, but {name} keeps logs 30d to 90d: raise it",
        )
    for tag in _REQUIRED_TAGS:
        if tag not in settings.tags:
            yield Problem(
                ("tags", tag), f"is missing, but {name} needs it so that each resource has someone to ask: set it"
            )


def objectives_stop_in_order(settings: "StackSettings") -> Iterator[Problem]:
    """An objective is no looser than the hard stop of the same measure."""
    objectives, stops = settings.objectives, settings.objectives.hard_stops
    for name, value, stop in (
        ("error_rate", objectives.error_rate, stops.error_rate),
        ("p95_ratio", objectives.p95_ratio, stops.p95_ratio),
    ):
        if value > stop:
            yield Problem(
                ("objectives", name),
                f"is {format_ratio(value)}, looser than hard_stops.{name} {format_ratio(stop)}: lower it",
            )
