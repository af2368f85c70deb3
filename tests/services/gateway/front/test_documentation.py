import json

import httpx2
from fastapi.openapi.models import OpenAPI

from services.gateway.config import ProviderName
from services.gateway.front.application import Application
from services.gateway.front.documentation import openapi_document
from services.gateway.front.examples import ANSWERS, ERROR, REQUESTS
from services.gateway.messages import Answer, EmbeddingAnswer, Usage
from tests.services.gateway.stand_ins import ScriptedProvider, World, build_world

OLLAMA = ProviderName.OLLAMA_LOCAL


def shape_of(document: object) -> object:
    """The document with its values left out: what stays is keys, and the shape of a list's first entry."""
    if isinstance(document, dict):
        return {key: shape_of(value) for key, value in document.items()}
    if isinstance(document, list):
        return [shape_of(entry) for entry in document[:1]]
    return None


def world_for(path: str) -> World:
    usage = Usage(9, 4)
    vectors = EmbeddingAnswer("ollama_local", "nomic-embed-text", [[0.25, -0.5]], usage)
    answer = Answer("ollama_local", "deepseek-r1:8b", "Blue.", "stop", usage=usage)
    models = {
        "default": {"providers": {"ollama_local": "deepseek-r1:8b"}},
        "embeddings": {"operation": "embed", "providers": {"ollama_local": "nomic-embed-text"}},
    }
    provider = ScriptedProvider("ollama_local", vectors if "embeddings" in path else answer)
    return build_world({OLLAMA: [provider]}, models=models)


async def answer_to(path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(Application(world_for(path).gateway(), lambda: "id", is_internal=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        if path in REQUESTS:
            return await client.post(path, json=REQUESTS[path])
        return await client.get(path.replace("{model}", "default"))


def test_the_document_is_openapi() -> None:
    document = openapi_document()

    OpenAPI.model_validate(document)
    text = json.dumps(document)
    for schema in document["components"]["schemas"]:
        assert f"#/components/schemas/{schema}" in text


async def test_every_example_is_accepted_and_answered_in_the_shape_that_is_shown() -> None:
    paths = openapi_document()["paths"]
    assert set(paths) == {*ANSWERS, "/metrics"}
    for path, shown in ANSWERS.items():
        answer = await answer_to(path)

        assert answer.status_code == 200, path
        assert shape_of(answer.json()) == shape_of(shown), path


async def test_the_examples_of_an_error_is_one() -> None:
    transport = httpx2.ASGITransport(Application(world_for("").gateway(), lambda: "5f1c9a0e", is_internal=False))
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        body = {**REQUESTS["/v1/chat/completions"], "model": "gpt-9"}
        answer = await client.post("/v1/chat/completions", json=body)

    assert answer.json() == ERROR
