from typing import Literal

import pytest

from stacks.settings.fit import (
    alternatives,
    assumed_kv_bytes_per_token,
    fits,
    kv_bytes_per_token,
    needed,
    usable,
    weight_bytes,
)
from stacks.settings.gpu import Gpu
from stacks.settings.model import Attention, Dtype, Model
from stacks.settings.provider import Provider

GIB = 2**30
Bits = Literal[4, 8, 16]
# Shapes from the published configurations.
LLAMA_3_8B = Attention(layers=32, kv_heads=8, head_dim=128)
LLAMA_2_13B = Attention(layers=40, kv_heads=40, head_dim=128)
LLAMA_3_70B = Attention(layers=80, kv_heads=8, head_dim=128)


def model(billions: float, bits: Bits, attention: Attention | None, context: int = 4096, sequences: int = 4) -> Model:
    return Model.model_construct(
        served_by=Provider.REMOTE_GPU,
        parameters=round(billions * 10**9),
        weight_bits=bits,
        dtype=Dtype.FLOAT16,
        context=context,
        sequences=sequences,
        gpus=1,
        attention=attention,
    )


def test_weights_take_parameters_times_bits() -> None:
    assert weight_bytes(7_000_000_000, 16) == 14_000_000_000
    assert weight_bytes(7_000_000_000, 4) == 3_500_000_000


def test_a_token_takes_keys_and_values_of_every_layer() -> None:
    # Llama 3 8B: 128 KiB a token; Llama 2 13B, without grouped queries: 800 KiB.
    assert kv_bytes_per_token(32, 8, 128, 2) == 128 * 1024
    assert kv_bytes_per_token(40, 40, 128, 2) == 800 * 1024


@pytest.mark.parametrize(("billions", "layers", "width"), [(6.74, 32, 4096), (13.0, 40, 5120)])
def test_an_unknown_shape_is_taken_for_multi_head_attention(billions: float, layers: int, width: int) -> None:
    known = 2 * layers * width * 2

    assert assumed_kv_bytes_per_token(round(billions * 10**9), 2) == pytest.approx(known, rel=0.05)


@pytest.mark.parametrize(
    ("wanted", "gpu"),
    [
        pytest.param(model(7.0, 4, None), Gpu.T4, id="7B of unknown shape at 4 bits on a T4"),
        pytest.param(model(8.03, 4, LLAMA_3_8B), Gpu.T4, id="8B at 4 bits on a T4"),
        pytest.param(model(8.03, 8, LLAMA_3_8B), Gpu.T4, id="8B at 8 bits on a T4"),
        pytest.param(model(8.03, 16, LLAMA_3_8B), Gpu.A10G, id="8B at 16 bits on an A10G"),
        pytest.param(model(13.0, 8, LLAMA_2_13B, sequences=2), Gpu.A10G, id="13B at 8 bits on an A10G"),
        pytest.param(model(13.0, 4, LLAMA_2_13B, sequences=2), Gpu.A10G, id="13B at 4 bits on an A10G"),
    ],
)
def test_models_that_are_known_to_fit_do(wanted: Model, gpu: Gpu) -> None:
    assert fits(wanted, gpu)


@pytest.mark.parametrize(
    ("wanted", "gpu", "instead"),
    [
        pytest.param(
            model(8.03, 16, LLAMA_3_8B),
            Gpu.T4,
            ("weight_bits 8", "weight_bits 4", "an A10G pool", "gpus 2 in an A10G pool", "placement on cpu"),
            id="8B at 16 bits on a T4",
        ),
        pytest.param(
            model(13.0, 16, LLAMA_2_13B, sequences=2),
            Gpu.A10G,
            ("weight_bits 8", "weight_bits 4", "gpus 2 in an A10G pool", "placement on cpu"),
            id="13B at 16 bits on an A10G",
        ),
        pytest.param(
            model(70.6, 4, LLAMA_3_70B),
            Gpu.A10G,
            ("gpus 4 in an A10G pool", "placement on cpu"),
            id="70B at 4 bits on an A10G",
        ),
        pytest.param(
            model(13.0, 8, LLAMA_2_13B, sequences=2),
            Gpu.T4,
            ("an A10G pool", "gpus 2 in an A10G pool", "placement on cpu"),
            id="13B at 8 bits on a T4",
        ),
        pytest.param(
            model(8.03, 4, LLAMA_3_8B, context=131_072),
            Gpu.T4,
            ("at most 67584 tokens of context times sequences", "gpus 4 in an A10G pool", "placement on cpu"),
            id="8B at 4 bits with a long context on a T4",
        ),
    ],
)
def test_models_that_do_not_fit_name_what_would(wanted: Model, gpu: Gpu, instead: tuple[str, ...]) -> None:
    assert not fits(wanted, gpu)
    assert alternatives(wanted, gpu) == instead


@pytest.mark.parametrize("bits", [4, 8, 16])
@pytest.mark.parametrize("billions", [1.0, 7.0, 8.03, 13.0, 34.0, 70.6])
def test_whatever_is_named_as_fitting_does_fit(billions: float, bits: Bits) -> None:
    wanted = model(billions, bits, LLAMA_3_8B)
    for gpu in Gpu:
        options = alternatives(wanted, gpu)
        for smaller in (4, 8):
            is_named = f"weight_bits {smaller}" in options
            assert is_named == (smaller < bits and fits(wanted.model_copy(update={"weight_bits": smaller}), gpu))
        for gpus in (2, 4, 8):
            if f"gpus {gpus} in an A10G pool" in options:
                assert fits(wanted.model_copy(update={"gpus": gpus}), Gpu.A10G)


def test_no_option_names_a_gpu_that_cannot_compute_the_dtype() -> None:
    wanted = model(70.6, 16, LLAMA_3_70B).model_copy(update={"dtype": Dtype.BFLOAT16})

    assert not any("T4" in option for option in alternatives(wanted, Gpu.A10G))


def test_ollamas_parallel_requests_count_instead_of_the_models_own() -> None:
    wanted = model(8.03, 4, LLAMA_3_8B, context=8192, sequences=1)

    assert needed(wanted, 8).kv_cache == 8 * needed(wanted).kv_cache


def test_a_tenth_of_the_memory_is_left_alone() -> None:
    assert usable(Gpu.T4) == pytest.approx(13.5 * GIB)
    assert usable(Gpu.A10G, 4) == pytest.approx(80.96 * GIB, rel=0.001)
