import logging

import numpy as np
import pytest

from services.serving.apps.word_table import WordTable, unit

TEXTS = ["book a flight", "reserve plane tickets", "my invoice is wrong", "Größe: 12 µm — 水", "a" * 3_000]


@pytest.fixture(scope="module")
def table() -> WordTable:
    return WordTable.packaged()


def test_vectors_equal_those_of_wordllama_itself(table: WordTable) -> None:
    from pathlib import Path

    import wordllama
    from tokenizers import Tokenizer
    from wordllama.inference import WordLlamaInference

    logging.getLogger().handlers.clear()
    folder = Path(wordllama.__file__).parent
    weights = np.fromfile(folder / "weights" / "l2_supercat_256.safetensors", dtype=np.float16)[-32_000 * 256 :]
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    reference = WordLlamaInference(weights.reshape(32_000, 256), tokenizer)
    np.testing.assert_allclose(table.embed(TEXTS).vectors, reference.embed(TEXTS, norm=True), atol=1e-5)


def test_meaning_is_near_where_words_differ(table: WordTable) -> None:
    flight, plane, invoice = table.embed(TEXTS[:3]).vectors
    assert flight @ plane > 0.4
    assert flight @ invoice < 0.2


def test_vectors_are_of_unit_length_and_nothing_is_zero_without_dividing_by_it(table: WordTable) -> None:
    embedded = table.embed(["", *TEXTS])
    lengths = np.linalg.norm(embedded.vectors, axis=1)
    assert lengths[0] == 0
    np.testing.assert_allclose(lengths[1:], 1, atol=1e-5)
    assert embedded.tokens[0] == 0
    assert min(embedded.tokens[1:]) > 0


def test_unit_keeps_zero_rows() -> None:
    scaled = unit(np.array([[0, 0], [3, 4]], dtype=np.float32))
    assert np.allclose(scaled, np.array([[0, 0], [0.6, 0.8]]))
