from __future__ import annotations

from typing import TYPE_CHECKING

from loadtests.instruments.scripted_upstream.wires.wire import JSON, Answer, Frames, Question, encoded, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping


class Generate:
    """The plain wire of a self-written GPU endpoint: `{prompt, max_tokens, temperature}` to `{content}`."""

    def question(self, path: str, body: Mapping[str, object]) -> Question:
        del path
        return Question(model=text_of(body, "model"), prompt=text_of(body, "prompt"))

    def frames(self, question: Question, answer: Answer) -> Frames:
        del question
        return Frames(content_type=JSON, chunks=(encoded({"content": answer.text}),))

    def error_event(self, message: str) -> bytes:
        return encoded({"error": message})

    def error_body(self, status: int, message: str) -> bytes:
        return encoded({"detail": f"{message} ({status})"})
