from pathlib import Path

import gguf

from tests.ollama.tiny_model import words, write_tiny_model


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name, seed in (("first", 1), ("again", 1), ("other", 2)):
        write_tiny_model(tmp_path / name, seed)

    assert (tmp_path / "first").read_bytes() == (tmp_path / "again").read_bytes()
    assert (tmp_path / "first").read_bytes() != (tmp_path / "other").read_bytes()


def test_it_is_a_small_llama_with_a_whole_vocabulary(tmp_path: Path) -> None:
    write_tiny_model(tmp_path / "tiny.gguf")

    reader = gguf.GGUFReader(tmp_path / "tiny.gguf")

    assert (tmp_path / "tiny.gguf").stat().st_size < 1_000_000
    assert reader.fields["general.architecture"].contents() == "llama"
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    assert len(set(tokens)) == 512
    assert tokens[-1] == f"\u2581{words()[-1]}"
