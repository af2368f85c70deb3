from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from services.serving.apps.word_table import Embedded, Vectors, unit


@dataclass(frozen=True, slots=True)
class Classified:
    """The likeliest label of a text, and every label's share; the shares sum to 1."""

    label: str
    scores: dict[str, float]


class NearestCentroid:
    """Labels a text by the mean vector of each label's examples.

    Args:
        labels: in the order of the centroids' rows.
        centroids: unit vectors.
        temperature: divides cosine similarities before softmax; lower is surer.
        embed: gives unit vectors for texts.
    """

    def __init__(
        self, labels: Sequence[str], centroids: Vectors, temperature: float, embed: Callable[[list[str]], Embedded]
    ) -> None:
        self._labels = tuple(labels)
        self._centroids = centroids
        self._temperature = temperature
        self._embed = embed

    @classmethod
    def fit(
        cls, examples: Mapping[str, Sequence[str]], temperature: float, embed: Callable[[list[str]], Embedded]
    ) -> Self:
        """Learn from labelled examples; the order in which labels are given does not matter."""
        labels = sorted(examples)
        means = np.stack([embed(list(examples[label])).vectors.mean(axis=0) for label in labels])
        return cls(labels, unit(means), temperature, embed)

    def classify(self, texts: list[str]) -> list[Classified]:
        similarities = self._embed(texts).vectors @ self._centroids.T / self._temperature
        exponentials = np.exp(similarities - similarities.max(axis=1, keepdims=True))
        shares = exponentials / exponentials.sum(axis=1, keepdims=True)
        return [
            Classified(
                self._labels[int(row.argmax())],
                {label: round(float(share), 6) for label, share in zip(self._labels, row, strict=True)},
            )
            for row in shares
        ]
