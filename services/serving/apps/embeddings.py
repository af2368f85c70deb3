import logging

import numpy as np
from ray import serve
from starlette.applications import Starlette

from services.serving.apps.embeddings_api import Embed, EmbeddingsModel, embeddings_app
from services.serving.apps.word_table import Embedded, WordTable
from services.serving.config.args import EmbeddingsArgs

LOGGER = logging.getLogger("ray.serve")


class EmbeddingsReplica:
    """A replica: the packaged table behind an OpenAI-shaped front, requests gathered into batches."""

    def __init__(self, args: EmbeddingsArgs) -> None:
        self._args = args
        self._table = WordTable.packaged()
        self._deployment_id = ""

    def reconfigure(self, config: dict[str, str]) -> None:
        """Take the deployment id over while running; Serve calls this at the start and whenever it changes."""
        self._deployment_id = config["deployment_id"]
        LOGGER.info("serving.model.configured", extra={"deployment_id": self._deployment_id, "model": self._args.model})

    def __serve_build_asgi_app__(self) -> Starlette:
        model = EmbeddingsModel(
            name=self._args.model,
            embed=batched(self._table, self._args),
            dimensions=self._table.dimensions,
            max_texts=self._args.max_texts,
            deployment_id=lambda: self._deployment_id,
        )
        return embeddings_app(model)


def batched(table: WordTable, args: EmbeddingsArgs) -> Embed:
    """Return an `embed` that computes the texts of several requests in one go."""

    async def embed_requests(requests: list[list[str]]) -> list[Embedded]:
        embedded = table.embed([text for texts in requests for text in texts])
        ends = np.cumsum([len(texts) for texts in requests]).tolist()
        starts = [0, *ends[:-1]]
        return [
            Embedded(embedded.vectors[start:end], embedded.tokens[start:end])
            for start, end in zip(starts, ends, strict=True)
        ]

    batch: Embed = serve.batch(
        embed_requests, max_batch_size=args.max_batch, batch_wait_timeout_s=args.batch_wait_seconds
    )
    return batch


Embeddings = serve.deployment(serve.ingress()(EmbeddingsReplica), name="Embeddings")


def build_app(args: EmbeddingsArgs) -> serve.Application:
    """Return the application for Serve; `args` are validated by Serve from this annotation."""
    return Embeddings.bind(args)
