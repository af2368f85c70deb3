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
    texts_of,
    vector,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_DONE = b"data: [DONE]\n\n"


class OpenAIErrors:
    """Errors as OpenAI's API reports them, in bodies and inside streams."""

    def error_event(self, message: str) -> bytes:
        return sse(_error(message, "server_error", None))

    def error_body(self, status: int, message: str) -> bytes:
        return encoded(_error(message, "scripted_error", str(status)))


class OpenAIChat(OpenAIErrors):
    """`/v1/chat/completions`, unary and streamed."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        options = body.get("stream_options")
        return Question(
            model=text_of(body, "model"),
            prompt=messages_text(body),
            stream=body.get("stream") is True,
            include_usage=isinstance(options, dict) and options.get("include_usage") is True,
        )

    def frames(self, question: Question, answer: Answer) -> Frames:
        return _stream(question, answer) if question.stream else _unary(question, answer)


class OpenAIEmbeddings(OpenAIErrors):
    """`/v1/embeddings` with float vectors."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        inputs = texts_of(body.get("input"))
        return Question(model=text_of(body, "model"), prompt="\n".join(inputs), inputs=inputs)

    def frames(self, question: Question, answer: Answer) -> Frames:
        del answer
        rows = [
            {"object": "embedding", "index": index, "embedding": vector(text)}
            for index, text in enumerate(question.inputs)
        ]
        tokens = words(question.inputs)
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        body = {"object": "list", "data": rows, "model": question.model, "usage": usage}
        return Frames(content_type=JSON, chunks=(encoded(body),))


class OpenAIModels(OpenAIErrors):
    """`GET /v1/models`."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path, body
        return Question(model="", prompt="")

    def frames(self, question: Question, answer: Answer) -> Frames:
        del answer
        model = {"id": "scripted", "object": "model", "created": question.created, "owned_by": "scripted"}
        return Frames(content_type=JSON, chunks=(encoded({"object": "list", "data": [model]}),))


def _error(message: str, kind: str, code: str | None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def _head(question: Question, kind: str) -> dict[str, object]:
    identity = f"chatcmpl-{question.number}"
    return {"id": identity, "object": kind, "created": question.created, "model": question.model}


def _usage(question: Question, answer: Answer) -> dict[str, int]:
    asked, given = words([question.prompt]), len(answer.texts)
    return {"prompt_tokens": asked, "completion_tokens": given, "total_tokens": asked + given}


def _unary(question: Question, answer: Answer) -> Frames:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": answer.text},
        "logprobs": None,
        "finish_reason": "stop" if answer.finish else None,
    }
    body = _head(question, "chat.completion") | {"choices": [choice], "usage": _usage(question, answer)}
    return Frames(content_type=JSON, chunks=(encoded(body),))


def _stream(question: Question, answer: Answer) -> Frames:
    def event(delta: Mapping[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse(_head(question, "chat.completion.chunk") | {"choices": [choice]})

    usage = b""
    if question.include_usage:
        tail: dict[str, object] = {"choices": [], "usage": _usage(question, answer)}
        usage = sse(_head(question, "chat.completion.chunk") | tail)
    return Frames(
        content_type=SSE,
        opening=event({"role": "assistant", "content": ""}),
        chunks=tuple(event({"content": text}) for text in answer.texts),
        closing=event({}, "stop") + usage + _DONE if answer.finish else b"",
    )
