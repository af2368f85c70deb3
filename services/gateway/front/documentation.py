"""The OpenAPI document and its pages, by FastAPI; the model routes' bodies come from their own decoders."""

from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html

from services.gateway.front.bodies import (
    ChatBody,
    ChatCompletionBody,
    EmbeddingsBody,
    GenerateBody,
    PlainEmbeddingsBody,
)
from services.gateway.front.examples import ANSWERS, ERROR, REQUESTS

_TITLE = "Forebay gateway"
_HTML = b"text/html; charset=utf-8"
_BODIES: dict[str, tuple[type[msgspec.Struct], str]] = {
    "/v1/chat/completions": (ChatCompletionBody, "Chat in OpenAI's shape; server-sent events with stream: true"),
    "/v1/embeddings": (EmbeddingsBody, "Embeddings in OpenAI's shape, as floats or base64"),
    "/generate": (GenerateBody, "A prompt in, a text out"),
    "/chat": (ChatBody, "A conversation in, the next turn's text out"),
    "/embeddings": (PlainEmbeddingsBody, "Texts in, vectors out"),
    "/api/query": (GenerateBody, "As /generate"),
}
_PAGES = {
    "/v1/models": "The public models",
    "/v1/models/{model}": "One public model",
    "/health": "How the gateway is; never runs a generation",
    "/health/gpu-providers": "How each provider is (role operator)",
    "/livez": "Whether the process lives",
    "/readyz": "Whether it wants requests",
    "/metrics": "Prometheus metrics (role operator)",
}


def documentation_page(path: str) -> tuple[bytes, bytes]:
    """Content type and body of /docs, /redoc or /openapi.json."""
    if path == "/openapi.json":
        return b"application/json", msgspec.json.encode(openapi_document())
    page = get_swagger_ui_html if path == "/docs" else get_redoc_html
    return _HTML, bytes(page(openapi_url="/openapi.json", title=_TITLE).body)


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of the public listener."""
    document = FastAPI(title=_TITLE, version="1").openapi()
    types = [body for body, _ in _BODIES.values()]
    _, components = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    document["components"] = {
        "schemas": components,
        "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "fb_<keyid>_<secret>"}},
    }
    document["security"] = [{"key": []}]
    document["paths"] = {
        **{path: {"post": _post(path, body.__name__, summary)} for path, (body, summary) in _BODIES.items()},
        **{path: {"get": _operation(path, summary)} for path, summary in _PAGES.items()},
    }
    return document


def _post(path: str, body: str, summary: str) -> dict[str, Any]:
    content = {"schema": {"$ref": f"#/components/schemas/{body}"}, "example": REQUESTS[path]}
    return {
        **_operation(path, summary),
        "requestBody": {"required": True, "content": {"application/json": content}},
    }


def _operation(path: str, summary: str) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": "The answer"}
    if path in ANSWERS:
        answer["content"] = {"application/json": {"example": ANSWERS[path]}}
    error = {"description": "An error in OpenAI's shape", "content": {"application/json": {"example": ERROR}}}
    operation: dict[str, Any] = {"summary": summary, "responses": {"200": answer, "default": error}}
    if "{model}" in path:
        name = {"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}
        operation["parameters"] = [name]
    return operation
