from __future__ import annotations

import msgspec

from loadtests.instruments.history import Observation
from loadtests.instruments.nonce import nonces_in, repeated_marks

_DATA = b"data:"
_DONE = b"[DONE]"


class ChatReading:
    """Gathers what a client sees of one OpenAI-shaped chat answer, streamed or not, into an Observation."""

    def __init__(self, status: int, headers: dict[str, str]) -> None:
        self.first_content_time: float | None = None
        self.finish_reason: str | None = None
        self.error_code = ""
        self.error_message = ""
        self._status = status
        self._request_id = headers.get("x-request-id", "")
        self._provider = headers.get("x-provider", "")
        self._degraded = headers.get("x-degraded", "").lower() == "true"
        self._simulated = False
        self._model = ""
        self._texts: list[str] = []
        self._done_markers = 0
        self._error_events = 0
        self._content_after_end = 0

    @property
    def error_events(self) -> int:
        return self._error_events

    def line(self, line: bytes, now: float) -> None:
        """One line of a server-sent event stream. Raises msgspec.DecodeError for data that is no JSON."""
        if not line.startswith(_DATA):
            return
        data = line[len(_DATA) :].strip()
        if data == _DONE:
            self._done_markers += 1
        else:
            self.document(data, now)

    def document(self, data: bytes, now: float) -> None:
        """One JSON object: a chunk of a stream or a whole body. Raises msgspec.DecodeError."""
        found = msgspec.json.decode(data, type=dict[str, object])
        self._note(found)
        if "error" in found:
            self._error(found["error"])
        choices = found.get("choices")
        for choice in choices if isinstance(choices, list) else []:
            if isinstance(choice, dict):
                self._choice(choice, now)

    def observation(self, *, ended_cleanly: bool) -> Observation:
        text = "".join(self._texts)
        return Observation(
            status=self._status,
            provider=self._provider,
            model=self._model,
            degraded=self._degraded,
            simulated=self._simulated,
            finish_reason=self.finish_reason,
            done_markers=self._done_markers,
            error_events=self._error_events,
            error_code=self.error_code,
            content_after_end=self._content_after_end,
            ended_cleanly=ended_cleanly,
            nonces=nonces_in(text),
            repeated_marks=repeated_marks(text),
            characters=len(text),
            first_content_time=self.first_content_time,
            request_id=self._request_id,
        )

    def _note(self, found: dict[str, object]) -> None:
        provider, model = found.get("provider"), found.get("model")
        self._provider = provider if isinstance(provider, str) else self._provider
        self._model = model if isinstance(model, str) else self._model
        self._degraded = self._degraded or found.get("degraded") is True
        self._simulated = self._simulated or found.get("simulated") is True

    def _error(self, error: object) -> None:
        self._error_events += 1
        if isinstance(error, dict):
            self.error_code = str(error.get("code") or error.get("type") or "")
            self.error_message = str(error.get("message", ""))

    def _choice(self, choice: dict[str, object], now: float) -> None:
        finish = choice.get("finish_reason")
        self.finish_reason = finish if isinstance(finish, str) else self.finish_reason
        part = choice.get("delta", choice.get("message"))
        if not isinstance(part, dict):
            return
        content = part.get("content")
        if content or part.get("tool_calls"):
            self.first_content_time = self.first_content_time or now
            self._content_after_end += bool(self._done_markers or self._error_events)
        if isinstance(content, str):
            self._texts.append(content)
