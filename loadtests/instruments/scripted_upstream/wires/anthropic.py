from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.scripted_upstream.wires.wire import (
    JSON,
    SSE,
    Answer,
    Frames,
    Question,
    encoded,
    messages_text,
    sse,
    text_of,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


class AnthropicMessages:
    """`/v1/messages`, unary and streamed."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        prompt = "\n".join((text_of(body, "system"), messages_text(body)))
        return Question(model=text_of(body, "model"), prompt=prompt, stream=body.get("stream") is True)

    def frames(self, question: Question, answer: Answer) -> Frames:
        return _stream(question, answer) if question.stream else _unary(question, answer)

    def error_event(self, message: str) -> bytes:
        return sse(_error("overloaded_error", message), event="error")

    def error_body(self, status: int, message: str) -> bytes:
        return encoded(_error(_ERROR_TYPES.get(status, "api_error"), message))


def _error(kind: str, message: str) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message}}


def _message(question: Question, *, content: list[object], stop: str | None, tokens: int) -> dict[str, object]:
    return {
        "id": f"msg_{question.number}",
        "type": "message",
        "role": "assistant",
        "model": question.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": words([question.prompt]), "output_tokens": tokens},
    }


def _unary(question: Question, answer: Answer) -> Frames:
    block = {"type": "text", "text": answer.text}
    stop = "end_turn" if answer.finish else None
    body = _message(question, content=[block], stop=stop, tokens=len(answer.texts))
    return Frames(content_type=JSON, chunks=(encoded(body),))


def _event(kind: str, **fields: object) -> bytes:
    return sse({"type": kind, **fields}, event=kind)


def _stream(question: Question, answer: Answer) -> Frames:
    opening = (
        _event("message_start", message=_message(question, content=[], stop=None, tokens=1))
        + _event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        + _event("ping")
    )
    closing = (
        _event("content_block_stop", index=0)
        + _event(
            "message_delta",
            delta={"stop_reason": "end_turn", "stop_sequence": None},
            usage={"output_tokens": len(answer.texts)},
        )
        + _event("message_stop")
    )
    chunks = tuple(
        _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text}) for text in answer.texts
    )
    return Frames(content_type=SSE, opening=opening, chunks=chunks, closing=closing if answer.finish else b"")
