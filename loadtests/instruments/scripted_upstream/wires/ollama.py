from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from loadtests.instruments.scripted_upstream.wires.wire import (
    JSON,
    NDJSON,
    Answer,
    Frames,
    Question,
    encoded,
    messages_text,
    text_of,
    texts_of,
    vector,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


class OllamaErrors:
    """Errors as Ollama reports them: one `error` string, in a body or as a line of a stream."""

    def error_event(self, message: str) -> bytes:
        return encoded({"error": message}) + b"\n"

    def error_body(self, status: int, message: str) -> bytes:
        return encoded({"error": f"{message} ({status})"})


class OllamaGeneration(OllamaErrors):
    """`/api/chat` and `/api/generate`; streamed as NDJSON unless `stream` is false, as Ollama does."""

    def __init__(self, endpoint: Literal["chat", "generate"]) -> None:
        self._endpoint = endpoint

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        prompt = messages_text(body) if self._endpoint == "chat" else text_of(body, "prompt")
        return Question(model=text_of(body, "model"), prompt=prompt, stream=body.get("stream") is not False)

    def frames(self, question: Question, answer: Answer) -> Frames:
        if not question.stream:
            return Frames(content_type=JSON, chunks=(encoded(self._last(question, answer, answer.text)),))
        lines = tuple(encoded(self._line(question, text) | {"done": False}) + b"\n" for text in answer.texts)
        closing = encoded(self._last(question, answer, "")) + b"\n" if answer.finish else b""
        return Frames(content_type=NDJSON, chunks=lines, closing=closing)

    def _line(self, question: Question, text: str) -> dict[str, object]:
        created = datetime.fromtimestamp(question.created, tz=UTC).isoformat()
        head: dict[str, object] = {"model": question.model, "created_at": created}
        if self._endpoint == "chat":
            return head | {"message": {"role": "assistant", "content": text}}
        return head | {"response": text}

    def _last(self, question: Question, answer: Answer, text: str) -> dict[str, object]:
        if not answer.finish:
            return self._line(question, text) | {"done": False}
        counts = {"prompt_eval_count": words([question.prompt]), "eval_count": len(answer.texts)}
        durations = {"total_duration": 1_000_000, "load_duration": 1_000, "eval_duration": 100_000}
        return self._line(question, text) | {"done": True, "done_reason": "stop"} | durations | counts


class OllamaEmbed(OllamaErrors):
    """`/api/embed`."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        inputs = texts_of(body.get("input"))
        return Question(model=text_of(body, "model"), prompt="\n".join(inputs), inputs=inputs)

    def frames(self, question: Question, answer: Answer) -> Frames:
        del answer
        rows = [vector(text) for text in question.inputs]
        counts = {"total_duration": 1_000_000, "prompt_eval_count": words(question.inputs)}
        return Frames(content_type=JSON, chunks=(encoded({"model": question.model, "embeddings": rows} | counts),))


class OllamaTags(OllamaErrors):
    """`GET /api/tags`, which readiness probes ask."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path, body
        return Question(model="", prompt="")

    def frames(self, question: Question, answer: Answer) -> Frames:
        del question, answer
        return Frames(content_type=JSON, chunks=(encoded({"models": [{"name": "scripted:latest", "size": 1}]}),))
