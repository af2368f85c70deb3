import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.serving.apps.wire import (
    CurrentId,
    RequestError,
    error_response,
    json_response,
    read_model,
    require_at_most,
    require_model,
)
from services.serving.apps.word_table import Embedded, Vectors, unit

Embed = Callable[[list[str]], Awaitable[Embedded]]
Text = Annotated[str, Field(min_length=1, max_length=65_536)]


class EmbeddingsRequest(BaseModel):
    """What is used of OpenAI's embeddings request."""

    input: Text | Annotated[list[Text], Field(min_length=1)]
    model: str | None = None
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: Annotated[int, Field(ge=1)] | None = None

    def texts(self) -> list[str]:
        return [self.input] if isinstance(self.input, str) else self.input


@dataclass(frozen=True, slots=True)
class EmbeddingsModel:
    """What an embeddings front speaks for.

    Attributes:
        name: the model's, in every answer.
        embed: gives vectors of unit length for texts; may gather several requests.
        dimensions: of its vectors.
        max_texts: a request may carry.
        deployment_id: asked for at each answer.
    """

    name: str
    embed: Embed
    dimensions: int
    max_texts: int
    deployment_id: CurrentId


def embeddings_app(model: EmbeddingsModel) -> Starlette:
    """Return an OpenAI-shaped front: /v1/embeddings, /v1/models, /health."""

    async def create(request: Request) -> Response:
        try:
            return json_response(
                await _answer(model, await read_model(request, EmbeddingsRequest)), model.deployment_id()
            )
        except RequestError as error:
            return error_response(error, model.deployment_id())

    async def models(_: Request) -> Response:
        card = {"id": model.name, "object": "model", "created": 0, "owned_by": "forebay"}
        return json_response({"object": "list", "data": [card]}, model.deployment_id())

    async def health(_: Request) -> Response:
        content = {"status": "ok", "model": model.name, "deployment_id": model.deployment_id()}
        return json_response(content, model.deployment_id())

    return Starlette(
        routes=[
            Route("/v1/embeddings", create, methods=["POST"]),
            Route("/v1/models", models, methods=["GET"]),
            Route("/health", health, methods=["GET"]),
        ]
    )


async def _answer(model: EmbeddingsModel, asked: EmbeddingsRequest) -> dict[str, object]:
    require_model(asked.model, model.name)
    texts = asked.texts()
    require_at_most(model.max_texts, texts, "input")
    if asked.dimensions is not None and asked.dimensions > model.dimensions:
        raise RequestError(400, "invalid_dimensions", f"dimensions is {asked.dimensions}; at most {model.dimensions}.")
    embedded = await model.embed(texts)
    vectors = embedded.vectors
    if asked.dimensions is not None:
        vectors = unit(vectors[:, : asked.dimensions])
    tokens = sum(embedded.tokens)
    return {
        "object": "list",
        "model": model.name,
        "data": [
            {"object": "embedding", "index": index, "embedding": encoded}
            for index, encoded in enumerate(_encode(vectors, asked.encoding_format))
        ],
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        "deployment_id": model.deployment_id(),
    }


def _encode(vectors: Vectors, encoding: Literal["float", "base64"]) -> list[list[float]] | list[str]:
    if encoding == "float":
        rows: list[list[float]] = vectors.tolist()
        return rows
    little_endian = vectors.astype(np.dtype("<f4"))
    return [base64.b64encode(row.tobytes()).decode() for row in little_endian]
