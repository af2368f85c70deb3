from collections.abc import Iterator
from typing import TYPE_CHECKING

from stacks.settings.fit import Memory, alternatives, needed, usable
from stacks.settings.gpu import SPECIFICATIONS, Gpu
from stacks.settings.model import Dtype, Model
from stacks.settings.ollama import Ollama
from stacks.settings.placement import CPU, Placement
from stacks.settings.pool import GpuPool
from stacks.settings.problem import Problem
from stacks.settings.provider import Provider
from stacks.settings.words import listed

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings

_GIB = 2**30


def placements_exist(settings: "StackSettings") -> Iterator[Problem]:
    """Each model is placed on a pool that exists."""
    for name, model in settings.models.items():
        pool = model.placement.pool
        if model.placement.is_on_gpu and pool not in settings.pools:
            yield Problem(
                ("models", name, "placement", "pool"),
                f"is {pool}, which is no pool: name {listed([*settings.pools, CPU])}",
            )


def taints_are_tolerated(settings: "StackSettings") -> Iterator[Problem]:
    """A model tolerates every repelling taint of its pool and of that pool's floor."""
    for name, model in settings.models.items():
        for pool_name, pool in _pools_of(settings, model.placement):
            for taint in pool.taints:
                if taint.effect != "PreferNoSchedule" and not any(
                    t.tolerates(taint) for t in model.placement.tolerations
                ):
                    yield Problem(
                        ("models", name, "placement", "tolerations"),
                        f"do not tolerate the taint {taint.key}:{taint.effect} of pool {pool_name}, so that no pod "
                        f"starts there: add {{key: {taint.key}, effect: {taint.effect}}} or remove the taint",
                    )


def gpus_can_compute_the_dtype(settings: "StackSettings") -> Iterator[Problem]:
    """No model computes in bfloat16 on a GPU that has none."""
    for name, model in settings.models.items():
        for pool_name, pool in _kinds_of(settings, model.placement):
            if model.dtype is Dtype.BFLOAT16 and not SPECIFICATIONS[pool.gpu].has_bfloat16:
                yield Problem(
                    ("models", name, "dtype"),
                    f"is bfloat16, which the {pool.gpu} of pool {pool_name} cannot compute: set float16, "
                    f"or place the model on an {Gpu.A10G} pool",
                )


def nodes_have_enough_gpus(settings: "StackSettings") -> Iterator[Problem]:
    """A replica's GPUs are all in one node."""
    for name, model in settings.models.items():
        for pool_name, pool in _pools_of(settings, model.placement):
            if model.gpus > pool.gpus_per_node:
                enough = [
                    f"{SPECIFICATIONS[pool.gpu].family}.{size}"
                    for size, gpus in SPECIFICATIONS[pool.gpu].gpus_of.items()
                    if gpus >= model.gpus
                ]
                yield Problem(
                    ("models", name, "gpus"),
                    f"is {model.gpus}, but pool {pool_name} may buy nodes with {pool.gpus_per_node}: lower it, or list "
                    f"only {listed(enough)} there",
                )


def models_fit_their_gpu(settings: "StackSettings") -> Iterator[Problem]:
    """Weights, KV cache and overhead of a replica fit its pool's GPU, and that of the pool's floor."""
    for name, model in settings.models.items():
        sequences = _sequences(model, settings.ollama)
        for pool_name, pool in _kinds_of(settings, model.placement):
            memory = needed(model, sequences)
            if memory.total > usable(pool.gpu, model.gpus):
                options = listed(alternatives(model, pool.gpu, sequences))
                yield Problem(
                    ("models", name),
                    f"needs {_parts(memory)} and pool {pool_name} offers {_offer(pool.gpu, model.gpus)}: use {options}",
                )


def ollama_models_fit_together(settings: "StackSettings") -> Iterator[Problem]:
    """The largest models that Ollama may keep loaded at once fit one GPU together."""
    by_pool: dict[str, list[int]] = {}
    for name in settings.ollama.models:
        model = settings.models.get(name)
        if model is not None and model.placement.pool in settings.pools:
            by_pool.setdefault(model.placement.pool, []).append(needed(model, settings.ollama.num_parallel).total)
    for pool_name, sizes in by_pool.items():
        loaded = sorted(sizes, reverse=True)[: settings.ollama.max_loaded_models]
        gpu = settings.pools[pool_name].gpu
        if len(loaded) > 1 and sum(loaded) > usable(gpu):
            yield Problem(
                ("ollama", "max_loaded_models"),
                f"is {settings.ollama.max_loaded_models}, and the {len(loaded)} largest models on pool {pool_name} "
                f"take {_gib(sum(loaded))} together where it offers {_offer(gpu, 1)}: lower it or num_parallel",
            )


def _kinds_of(settings: "StackSettings", placement: Placement) -> Iterator[tuple[str, GpuPool]]:
    # One pool for each kind of GPU is enough for what depends on the kind alone.
    by_gpu: dict[Gpu, tuple[str, GpuPool]] = {}
    for name, pool in _pools_of(settings, placement):
        by_gpu.setdefault(pool.gpu, (name, pool))
    yield from by_gpu.values()


def _pools_of(settings: "StackSettings", placement: Placement) -> Iterator[tuple[str, GpuPool]]:
    pool = settings.pools.get(placement.pool)
    if pool is None:
        return
    yield placement.pool, pool
    if pool.floor is not None and pool.floor in settings.pools:
        yield pool.floor, settings.pools[pool.floor]


def _sequences(model: Model, ollama: Ollama) -> int:
    return ollama.num_parallel if model.served_by is Provider.OLLAMA_LOCAL else model.sequences


def _parts(memory: Memory) -> str:
    parts = f"weights {_gib(memory.weights)}, KV cache {_gib(memory.kv_cache)}, overhead {_gib(memory.overhead)}"
    return f"{_gib(memory.total)} ({parts})"


def _offer(gpu: Gpu, gpus: int) -> str:
    return f"{_gib(usable(gpu, gpus))} on {f'{gpus} GPUs' if gpus > 1 else 'one GPU'} of type {gpu}"


def _gib(amount: int) -> str:
    return f"{amount / _GIB:.1f} GiB"
