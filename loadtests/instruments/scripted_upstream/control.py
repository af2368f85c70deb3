from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec
from pydantic import ValidationError

from loadtests.instruments.scripted_upstream.script import Script

if TYPE_CHECKING:
    from collections.abc import Callable

    from loadtests.instruments.scripted_upstream.calls import CallLog
    from loadtests.instruments.scripted_upstream.request import Request

PREFIX = "/_scripted/"


class ControlAnswer(NamedTuple):
    """A status and a JSON body."""

    status: int
    body: bytes


class Control:
    """The HTTP side of the in-process API, for other processes.

    PUT /_scripted/script (a Script as JSON), GET and DELETE /_scripted/calls, POST /_scripted/release,
    GET /_scripted/ready.
    """

    def __init__(self, calls: CallLog, set_script: Callable[[Script], None], release: Callable[[], None]) -> None:
        self._calls = calls
        self._set_script = set_script
        self._release = release

    def answer(self, request: Request) -> ControlAnswer:
        match request.method, request.path.removeprefix(PREFIX):
            case "PUT", "script":
                return self._put_script(request)
            case "GET", "calls":
                return ControlAnswer(200, msgspec.json.encode(self._calls()))
            case "DELETE", "calls":
                self._calls.clear()
            case "POST", "release":
                self._release()
            case "GET", "ready":
                pass
            case method, name:
                return _refusal(404, f"{method} {PREFIX}{name} is no control of the scripted upstream")
        return ControlAnswer(200, b"{}")

    def _put_script(self, request: Request) -> ControlAnswer:
        try:
            script = Script.model_validate_json(request.body)
        except ValidationError as error:
            return _refusal(400, f"the script is not valid: {_first_fault(error)}")
        self._set_script(script)
        return ControlAnswer(200, b"{}")


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}"


def _refusal(status: int, message: str) -> ControlAnswer:
    return ControlAnswer(status, msgspec.json.encode({"error": message}))
