from __future__ import annotations

from loadtests.instruments.scripted_upstream.wires.anthropic import AnthropicMessages
from loadtests.instruments.scripted_upstream.wires.generate import Generate
from loadtests.instruments.scripted_upstream.wires.huggingface import (
    HuggingFaceFeatureExtraction,
    HuggingFaceTextGeneration,
)
from loadtests.instruments.scripted_upstream.wires.ollama import OllamaEmbed, OllamaGeneration, OllamaTags
from loadtests.instruments.scripted_upstream.wires.openai import OpenAIChat, OpenAIEmbeddings, OpenAIModels
from loadtests.instruments.scripted_upstream.wires.wire import Answer, Frames, Question, Wire

__all__ = ["Answer", "Frames", "Question", "Wire", "wire_of"]


def wire_of(path: str) -> Wire | None:
    """The wire format that a path belongs to; None for a path no provider has. The root is the `generate` wire."""
    if path.endswith("/pipeline/feature-extraction"):
        return HuggingFaceFeatureExtraction()
    if "/models/" in path:
        return HuggingFaceTextGeneration()
    by_ending: tuple[tuple[str, Wire], ...] = (
        ("/chat/completions", OpenAIChat()),
        ("/v1/embeddings", OpenAIEmbeddings()),
        ("/v1/models", OpenAIModels()),
        ("/v1/messages", AnthropicMessages()),
        ("/api/chat", OllamaGeneration("chat")),
        ("/api/generate", OllamaGeneration("generate")),
        ("/api/embed", OllamaEmbed()),
        ("/api/tags", OllamaTags()),
        ("/generate", Generate()),
    )
    if path == "/":
        return Generate()
    return next((wire for ending, wire in by_ending if path.endswith(ending)), None)
