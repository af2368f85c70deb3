"""A language model that fits anywhere: llama's architecture with random weights, half a megabyte.

Its words are made up, its answers are babble, and both are the same each time. What it stands in for is nothing but
the training: file format, tokenizer, layers, sampling and streaming are those of any model.

The output layer's rows are zero for control and byte tokens and random for words, so that sampling finds words
alone: every piece of a stream is printable, and no random end-of-text makes an answer shorter than was asked for.
"""

import itertools
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

CONTEXT = 512

_LAYERS = 2
_WIDTH = 64
_HEADS = 4
_FEED_FORWARD = 128
_TOKENS = 512
_CONTROL = ("<unk>", "<s>", "</s>")
_BYTES = 256
_WORDS = _TOKENS - len(_CONTROL) - _BYTES

# Makes the best word's logit stand far above the zeros of what is no word.
_OUTPUT_SCALE = 4.0

Weights = npt.NDArray[np.float32]


def write_tiny_model(path: Path, seed: int = 7) -> None:
    """Write the model as a GGUF file; the same seed gives the same bytes."""
    writer = gguf.GGUFWriter(str(path), "llama")
    _write_shape(writer)
    _write_vocabulary(writer)
    for name, weights in _weights(np.random.default_rng(seed)).items():
        writer.add_tensor(name, weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def words() -> tuple[str, ...]:
    """The words that the model can say."""
    syllables = ("".join(pair) for pair in itertools.product("bdfgklmnprstvz", "aeiou"))
    return tuple("".join(pair) for pair in itertools.islice(itertools.product(tuple(syllables), repeat=2), _WORDS))


def _write_shape(writer: gguf.GGUFWriter) -> None:
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FEED_FORWARD)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_WIDTH // _HEADS)
    writer.add_vocab_size(_TOKENS)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _write_vocabulary(writer: gguf.GGUFWriter) -> None:
    kinds = [
        gguf.TokenType.UNKNOWN,
        *[gguf.TokenType.CONTROL] * (len(_CONTROL) - 1),
        *[gguf.TokenType.BYTE] * _BYTES,
        *[gguf.TokenType.NORMAL] * _WORDS,
    ]
    writer.add_tokenizer_model("llama")
    spelled = [f"<0x{byte:02X}>" for byte in range(_BYTES)]
    writer.add_token_list([*_CONTROL, *spelled, *(f"\u2581{word}" for word in words())])
    writer.add_token_scores([0.0] * (len(_CONTROL) + _BYTES) + [-float(rank + 1) for rank in range(_WORDS)])
    writer.add_token_types(kinds)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)


def _weights(random: np.random.Generator) -> dict[str, Weights]:
    def matrix(rows: int, columns: int) -> Weights:
        return random.standard_normal((rows, columns), dtype=np.float32) * np.float32(columns**-0.5)

    ones = np.ones(_WIDTH, dtype=np.float32)
    output = matrix(_TOKENS, _WIDTH) * np.float32(_OUTPUT_SCALE)
    output[: len(_CONTROL) + _BYTES] = 0
    weights = {"token_embd.weight": matrix(_TOKENS, _WIDTH), "output_norm.weight": ones, "output.weight": output}
    for layer in range(_LAYERS):
        block = f"blk.{layer}"
        weights |= {f"{block}.attn_{role}.weight": matrix(_WIDTH, _WIDTH) for role in ("q", "k", "v", "output")}
        weights |= {f"{block}.attn_norm.weight": ones, f"{block}.ffn_norm.weight": ones}
        weights |= {f"{block}.ffn_{role}.weight": matrix(_FEED_FORWARD, _WIDTH) for role in ("gate", "up")}
        weights[f"{block}.ffn_down.weight"] = matrix(_WIDTH, _FEED_FORWARD)
    return weights
