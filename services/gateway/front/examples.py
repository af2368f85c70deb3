"""One request and its answer for each documented route, as OpenAPI shows them."""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = dict[str, object]

_MARKS: Json = {"provider": "ollama_local", "degraded": False, "simulated": False}
_USAGE: Json = {"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}
_TURN: Json = {"role": "user", "content": "Name a colour."}
_TEXT: Json = {
    "response": "Blue.",
    "content": "Blue.",
    "finish_reason": "stop",
    "usage": _USAGE,
    "model": "deepseek-r1:8b",
    "request_id": "5f1c9a0e",
    **_MARKS,
}
_MODEL: Json = {"id": "default", "object": "model", "created": 1767225600, "owned_by": "forebay"}
_PROVIDER: Json = {
    "status": "healthy",
    "last_check": "2026-01-01T00:00:00Z",
    "latency_ms": 45.2,
    "error_count": 0,
    "success_count": 15,
    "circuit_open_until": None,
    "last_error": None,
}

REQUESTS: Mapping[str, Json] = {
    "/v1/chat/completions": {"model": "default", "messages": [_TURN]},
    "/v1/embeddings": {"model": "embeddings", "input": ["a text"]},
    "/generate": {"prompt": "Name a colour.", "max_tokens": 16, "temperature": 0.2},
    "/chat": {"messages": [_TURN]},
    "/embeddings": {"input": ["a text"]},
    "/api/query": {"prompt": "Name a colour."},
}
ANSWERS: Mapping[str, Json] = {
    "/v1/chat/completions": {
        "id": "chatcmpl-5f1c9a0e",
        "object": "chat.completion",
        "created": 1767225600,
        "model": "deepseek-r1:8b",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Blue."},
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": _USAGE,
        **_MARKS,
    },
    "/v1/embeddings": {
        "object": "list",
        "data": [{"object": "embedding", "index": 0, "embedding": [0.25, -0.5]}],
        "model": "nomic-embed-text",
        "usage": {"prompt_tokens": 2, "total_tokens": 2},
        **_MARKS,
    },
    "/generate": _TEXT,
    "/chat": _TEXT,
    "/embeddings": {
        "embeddings": [[0.25, -0.5]],
        "embedding": [0.25, -0.5],
        "usage": {"prompt_tokens": 2, "completion_tokens": 0, "total_tokens": 2},
        "model": "nomic-embed-text",
        "request_id": "5f1c9a0e",
        **_MARKS,
    },
    "/api/query": _TEXT,
    "/v1/models": {"object": "list", "data": [_MODEL]},
    "/v1/models/{model}": _MODEL,
    "/health": {"status": "healthy", "ready": True, "release": None, "providers": ["ollama_local", "local_stub"]},
    "/health/gpu-providers": {
        "status": "healthy",
        "timestamp": "2026-01-01T00:00:00Z",
        "gpu_providers": {
            "providers": {"ollama_local": _PROVIDER},
            "available_providers": ["ollama_local", "local_stub"],
        },
    },
    "/livez": {"status": "alive"},
    "/readyz": {"ready": True},
}
ERROR: Json = {
    "error": {
        "message": "there is no model 'gpt-9'; GET /v1/models lists those there are",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
        "request_id": "5f1c9a0e",
    }
}
