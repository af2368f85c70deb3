from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.scripted_upstream.wires.wire import (
    JSON,
    SSE,
    Answer,
    Frames,
    Question,
    encoded,
    sse,
    text_of,
    texts_of,
    vector,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODELS = "/models/"
_PIPELINE = "/pipeline/"


class HuggingFaceErrors:
    """Errors as Hugging Face's inference servers report them."""

    def error_event(self, message: str) -> bytes:
        return sse({"error": message, "error_type": "generation"})

    def error_body(self, status: int, message: str) -> bytes:
        return encoded({"error": f"{message} ({status})"})


class HuggingFaceTextGeneration(HuggingFaceErrors):
    """The text-generation task at `…/models/{id}` (or a dedicated endpoint's root)."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        return Question(model=_model(path), prompt=text_of(body, "inputs"), stream=body.get("stream") is True)

    def frames(self, question: Question, answer: Answer) -> Frames:
        if not question.stream:
            return Frames(content_type=JSON, chunks=(encoded([{"generated_text": answer.text}]),))
        texts = answer.texts or ("",)
        last = len(texts) - 1
        events = tuple(
            sse(_token(index, text, answer if answer.finish and index == last else None))
            for index, text in enumerate(texts)
        )
        return Frames(content_type=SSE, chunks=events)


class HuggingFaceFeatureExtraction(HuggingFaceErrors):
    """The feature-extraction pipeline at `…/models/{id}/pipeline/feature-extraction`."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        inputs = texts_of(body.get("inputs"))
        return Question(model=_model(path), prompt="\n".join(inputs), inputs=inputs)

    def frames(self, question: Question, answer: Answer) -> Frames:
        del answer
        return Frames(content_type=JSON, chunks=(encoded([vector(text) for text in question.inputs]),))


def _model(path: str) -> str:
    return path.partition(_MODELS)[2].partition(_PIPELINE)[0]


def _token(index: int, text: str, finished: Answer | None) -> dict[str, object]:
    token = {"id": index, "text": text, "logprob": -0.1, "special": False}
    details = None
    if finished is not None:
        details = {"finish_reason": "length", "generated_tokens": len(finished.texts), "seed": None}
    full = finished.text if finished is not None else None
    return {"index": index + 1, "token": token, "generated_text": full, "details": details}
