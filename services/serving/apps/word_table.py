"""Sentence vectors: the mean of word-piece vectors from wordllama's packaged table, of unit length.

Read without importing wordllama: that turns the table into 32 MB of private float32 and loads clustering code, in
every replica. Mapped as it lies in the file (float16), its 16 MB are one copy for all processes of the machine. A
test holds both to the same vectors.
"""

import importlib.util
import json
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

WEIGHTS = Path("weights", "l2_supercat_256.safetensors")
TOKENIZER = Path("tokenizers", "l2_supercat_tokenizer_config.json")
TENSOR = "embedding.weight"

Vectors = npt.NDArray[np.float32]


class Embedded(NamedTuple):
    """One row for each text, and how many tokens each had."""

    vectors: Vectors
    tokens: list[int]


class WordTable:
    """Word-piece vectors and the tokenizer that belongs to them."""

    def __init__(self, table: npt.NDArray[np.float16], tokenizer: Tokenizer) -> None:
        self._table = table
        self._tokenizer = tokenizer

    @classmethod
    def packaged(cls) -> Self:
        """Open the table in the installed wordllama.

        Raises:
            FileNotFoundError: the package or its files are missing.
        """
        spec = importlib.util.find_spec("wordllama")
        if spec is None or spec.origin is None:
            raise FileNotFoundError("The package wordllama is not installed; run make to install what the lock names.")
        folder = Path(spec.origin).parent
        tokenizer = Tokenizer.from_file(str(folder / TOKENIZER))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(_map_tensor(folder / WEIGHTS), tokenizer)

    @property
    def dimensions(self) -> int:
        return int(self._table.shape[1])

    def embed(self, texts: list[str]) -> Embedded:
        """Return a unit vector for each text; a text without tokens has the zero vector."""
        vectors = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        encodings = self._tokenizer.encode_batch(texts, add_special_tokens=False)
        for row, encoding in enumerate(encodings):
            if encoding.ids:
                vectors[row] = self._table[encoding.ids].astype(np.float32).mean(axis=0)
        return Embedded(unit(vectors), [len(encoding.ids) for encoding in encodings])


def unit(vectors: Vectors) -> Vectors:
    """Scale each row to length 1; zero rows stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: Vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)
    return scaled


def _map_tensor(path: Path) -> npt.NDArray[np.float16]:
    with path.open("rb") as file:
        header_bytes = int.from_bytes(file.read(8), "little")
        entry = json.loads(file.read(header_bytes))[TENSOR]
    if entry["dtype"] != "F16":
        raise ValueError(
            f"{path.name} holds {entry['dtype']}, not F16; install the version of wordllama that the lock names."
        )
    rows, columns = entry["shape"]
    offset = 8 + header_bytes + entry["data_offsets"][0]
    return np.memmap(path, dtype=np.float16, mode="r", offset=offset, shape=(rows, columns))
