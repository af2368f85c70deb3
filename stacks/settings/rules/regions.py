from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings.problem import Problem
from stacks.settings.quantity import format_duration

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings


def regions_are_sound(settings: "StackSettings") -> Iterator[Problem]:
    """Zones belong to their region, and a second region is another one, reachable by name."""
    regions = settings.regions
    for key, region in (("primary", regions.primary), ("secondary", regions.secondary)):
        for index, zone in enumerate(region.zones if region else ()):
            path = ("regions", key, "zones", index)
            if region and zone[:-1] != region.name:
                yield Problem(path, f"is {zone}, which is not in {region.name}: name a zone of that region")
            elif region and zone in region.zones[:index]:
                yield Problem(path, f"is {zone}, which is listed already: name another zone")
    if regions.secondary is None:
        return
    if regions.secondary.name == regions.primary.name:
        yield Problem(
            ("regions", "secondary", "name"),
            f"is {regions.secondary.name}, as the primary: name another region or remove it",
        )
    if regions.domain is None:
        yield Problem(
            ("regions", "domain"), "is not set, but failover to a secondary region works by DNS: set the DNS name"
        )


def copies_are_sound(settings: "StackSettings") -> Iterator[Problem]:
    """Copies are kept longer than the time between them, and go to a region that exists."""
    backup = settings.backup
    if backup.retention < backup.every:
        yield Problem(
            ("backup", "retention"),
            f"is {format_duration(backup.retention)}, shorter than every {format_duration(backup.every)}: raise it",
        )
    if backup.copy_to_secondary and settings.regions.secondary is None:
        yield Problem(
            ("backup", "copy_to_secondary"), "is true, but there is no regions.secondary: add it or set false"
        )


def tags_are_ours(settings: "StackSettings") -> Iterator[Problem]:
    """No tag claims the prefix that AWS keeps for itself."""
    for tag in settings.tags:
        if tag.lower().startswith("aws:"):
            yield Problem(("tags", tag), "starts with aws:, which AWS keeps for itself: choose another key")
