from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings.gpu import SPECIFICATIONS, Gpu
from stacks.settings.placement import CPU
from stacks.settings.pool import Capacity, CpuPool, GpuPool
from stacks.settings.problem import KeyPath, Problem
from stacks.settings.words import listed

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings


def pools_have_sound_bounds(settings: "StackSettings") -> Iterator[Problem]:
    """No pool has more nodes at least than at most, and none takes the word for CPU placement."""
    if CPU in settings.pools:
        yield Problem(("pools", CPU), "is reserved for placement on the general nodes: give the pool another name")
    pools: dict[KeyPath, GpuPool | CpuPool] = {("pools", name): pool for name, pool in settings.pools.items()}
    for path, pool in (pools | {("cpu_pool",): settings.cpu_pool}).items():
        if pool.min_nodes > pool.max_nodes:
            yield Problem(
                (*path, "min_nodes"),
                f"is {pool.min_nodes}, above max_nodes {pool.max_nodes}: lower it or raise max_nodes",
            )


def instance_types_carry_the_gpu(settings: "StackSettings") -> Iterator[Problem]:
    """Each instance type of a pool has the pool's GPU."""
    for name, pool in settings.pools.items():
        known = SPECIFICATIONS[pool.gpu].instance_types
        for index, instance_type in enumerate(pool.instance_types):
            if instance_type not in known:
                carried = next((gpu for gpu in Gpu if instance_type in SPECIFICATIONS[gpu].instance_types), None)
                other = f", or set gpu to {carried}" if carried else ""
                yield Problem(
                    ("pools", name, "instance_types", index),
                    f"is {instance_type}, which has no {pool.gpu}: list some of {listed(known)}{other}",
                )


def spot_has_a_floor(settings: "StackSettings") -> Iterator[Problem]:
    """A spot pool names the on-demand pool that carries on, or says that it may stop; never so where releases gate."""
    for name, pool in settings.pools.items():
        path = ("pools", name)
        if pool.capacity is Capacity.ON_DEMAND:
            yield from _spot_only_settings(path, pool)
        elif pool.floor is not None:
            yield from _floor_problems(settings, path, pool.floor)
        elif not pool.may_stop:
            yield Problem(
                (*path, "floor"),
                "is not set for a spot pool, whose nodes can all be taken back at once: name an on-demand pool that "
                "carries on, or set may_stop where service may stop",
            )
        elif settings.environment.is_gated:
            yield Problem(
                (*path, "may_stop"),
                f"is true, but {settings.environment} must not stop: set floor to an on-demand pool",
            )


def _spot_only_settings(path: tuple[str, str], pool: GpuPool) -> Iterator[Problem]:
    for key, value in (("floor", pool.floor), ("may_stop", pool.may_stop)):
        if value:
            yield Problem((*path, key), "is set for an on-demand pool, which is never taken back: remove it")


def _floor_problems(settings: "StackSettings", path: tuple[str, str], floor: str) -> Iterator[Problem]:
    pool = settings.pools.get(floor)
    on_demand = [name for name, other in settings.pools.items() if other.capacity is Capacity.ON_DEMAND]
    if pool is None or pool.capacity is Capacity.SPOT:
        advice = f"name {listed(on_demand)}" if on_demand else "add one under pools and name it"
        yield Problem((*path, "floor"), f"is {floor}, which is no on-demand pool: {advice}")
    elif pool.min_nodes == 0:
        yield Problem(
            (*path, "floor"),
            f"is {floor}, whose min_nodes is 0, so that nothing carries on: set its min_nodes to 1 or more",
        )
