"""Does a model fit a GPU?

    weights  = parameters x bits / 8                                             bytes
    KV cache = 2 x layers x KV heads x head width x bytes of a number            bytes a token
               x context x concurrent sequences                                  (keys and values: hence the 2)
    overhead = a share of the weights (scales of quantised blocks, embeddings that stay at 16 bits, activations)
               + 0.5 GiB a GPU (the CUDA context and kernels)
    usable   = 90 % of the GPU's memory (what vLLM claims by default; the rest is left to fragmentation and the driver)

The first two are arithmetic on a model's configuration. The share is taken from what published files weigh beyond the
first formula: about a quarter at 4 bits (GGUF's Q4_K_M stores 4.8 bits a weight, AWQ leaves embeddings at 16), a tenth
at 8. The KV cache is counted in full, as if every sequence were as long as the context: an engine that pages it would
start with less, and then preempt requests under load.

Where the shape of the attention is not known, it is taken for plain multi-head attention with the usual proportions:
width = 128 x layers, parameters = 12 x layers x width^2, which gives 32 and 4096 for 7B, 40 and 5120 for 13B. That is
an upper bound for anything newer.
"""

import math
from dataclasses import dataclass

from stacks.settings.gpu import SPECIFICATIONS, Gpu
from stacks.settings.model import Dtype, Model

_GIB = 2**30
USABLE_SHARE = 0.9
RUNTIME_BYTES = _GIB // 2
OVERHEAD_SHARE = {4: 0.25, 8: 0.10, 16: 0.05}
_HEAD_DIM = 128
# A cache for fewer tokens than this is no service.
_LEAST_TOKENS = 1024


@dataclass(frozen=True)
class Memory:
    """What a model's replica takes, in bytes over all its GPUs."""

    weights: int
    kv_cache: int
    overhead: int

    @property
    def total(self) -> int:
        """Everything together."""
        return self.weights + self.kv_cache + self.overhead


def weight_bytes(parameters: int, bits: int) -> int:
    """Return the size of the weights."""
    return parameters * bits // 8


def kv_bytes_per_token(layers: int, kv_heads: int, head_dim: int, number_bytes: int) -> int:
    """Return what one token of one sequence takes in the KV cache."""
    return 2 * layers * kv_heads * head_dim * number_bytes


def assumed_kv_bytes_per_token(parameters: int, number_bytes: int) -> int:
    """Return the same for a model of unknown shape, as multi-head attention of usual proportions has it."""
    width = math.cbrt(parameters * _HEAD_DIM / 12)
    return round(2 * (width / _HEAD_DIM) * width * number_bytes)


def needed(model: Model, sequences: int | None = None) -> Memory:
    """Return what a replica of ``model`` takes with ``sequences`` at once, by default its own number."""
    weights = weight_bytes(model.parameters, model.weight_bits)
    kv_cache = _kv_bytes_per_token(model) * model.context * (sequences or model.sequences)
    overhead = round(weights * OVERHEAD_SHARE[model.weight_bits]) + RUNTIME_BYTES * model.gpus
    return Memory(weights, kv_cache, overhead)


def usable(gpu: Gpu, gpus: int = 1) -> int:
    """Return the bytes that a model may take on ``gpus`` of one node."""
    return round(SPECIFICATIONS[gpu].memory_bytes * gpus * USABLE_SHARE)


def fits(model: Model, gpu: Gpu, sequences: int | None = None) -> bool:
    """Whether a replica of ``model`` fits its number of GPUs of this kind."""
    return needed(model, sequences).total <= usable(gpu, model.gpus)


def alternatives(model: Model, gpu: Gpu, sequences: int | None = None) -> tuple[str, ...]:
    """Return what would fit instead, most alike first; running on the CPU is always last and always possible."""
    same_gpu = [
        f"weight_bits {bits}" for bits in (8, 4) if bits < model.weight_bits and _would_fit(model, gpu, sequences, bits)
    ]
    other_gpu = [
        _other(model, other, sequences) for other in Gpu if usable(other) > usable(gpu) and _can_compute(model, other)
    ]
    more = [option for option in (_shorter(model, gpu, sequences), _more_gpus(model, sequences)) if option]
    return (*same_gpu, *filter(None, other_gpu), *more, "placement on cpu")


def _kv_bytes_per_token(model: Model) -> int:
    shape = model.attention
    if shape is None:
        return assumed_kv_bytes_per_token(model.parameters, model.dtype.bytes)
    return kv_bytes_per_token(shape.layers, shape.kv_heads, shape.head_dim, model.dtype.bytes)


def _would_fit(model: Model, gpu: Gpu, sequences: int | None, bits: int) -> bool:
    return fits(model.model_copy(update={"weight_bits": bits}), gpu, sequences)


def _can_compute(model: Model, gpu: Gpu) -> bool:
    return SPECIFICATIONS[gpu].has_bfloat16 or model.dtype is not Dtype.BFLOAT16


def _other(model: Model, gpu: Gpu, sequences: int | None) -> str | None:
    bits = next(
        (
            bits
            for bits in (model.weight_bits, 8, 4)
            if bits <= model.weight_bits and _would_fit(model, gpu, sequences, bits)
        ),
        None,
    )
    if bits is None:
        return None
    return f"an {gpu} pool" + ("" if bits == model.weight_bits else f" with weight_bits {bits}")


def _shorter(model: Model, gpu: Gpu, sequences: int | None) -> str | None:
    memory = needed(model, sequences)
    room = usable(gpu, model.gpus) - memory.weights - memory.overhead
    tokens = room // _kv_bytes_per_token(model)
    if tokens < _LEAST_TOKENS:
        return None
    return f"at most {tokens // _LEAST_TOKENS * _LEAST_TOKENS} tokens of context times sequences"


def _more_gpus(model: Model, sequences: int | None) -> str | None:
    for gpus in (2, 4, 8):
        if gpus > model.gpus and fits(model.model_copy(update={"gpus": gpus}), Gpu.A10G, sequences):
            return f"gpus {gpus} in an {Gpu.A10G} pool"
    return None
