from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

_Seconds = Annotated[float, Field(ge=0, le=3600)]
_Count = Annotated[int, Field(ge=0, le=100_000)]
_MAX_OVERSIZE = 256 * 1024 * 1024


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Mishap(_Value):
    """Where in the answer it strikes: after so many content chunks or body bytes; with neither, before the headers."""

    after_chunks: _Count | None = None
    after_bytes: _Count | None = None

    @model_validator(mode="after")
    def _has_one_place(self) -> _Mishap:
        if self.after_chunks is not None and self.after_bytes is not None:
            raise ValueError(
                "after_chunks and after_bytes are both set: a mishap strikes at one place, keep one of them"
            )
        return self

    @property
    def before_headers(self) -> bool:
        return self.after_chunks is None and self.after_bytes is None


class Stall(_Mishap):
    """Sends nothing more for `seconds`, or until released or left when that is None; then goes on."""

    kind: Literal["stall"] = "stall"
    seconds: _Seconds | None = None


class Cut(_Mishap):
    """Ends early: `reset` by RST, `close` by FIN with the framing unfinished, `end` as a complete HTTP body."""

    kind: Literal["cut"] = "cut"
    manner: Literal["reset", "close", "end"] = "close"


class Garbage(_Mishap):
    """Puts bytes that are no valid event of the wire into the body, then goes on."""

    kind: Literal["garbage"] = "garbage"
    text: str = "data: {not json\n\n"


class Oversize(_Mishap):
    """Puts one line of `size` bytes into the body, then goes on."""

    kind: Literal["oversize"] = "oversize"
    size: Annotated[int, Field(ge=1, le=_MAX_OVERSIZE)] = 1024 * 1024


class InBandError(_Mishap):
    """Sends the wire's own error event inside the 200 answer and ends it."""

    kind: Literal["in_band_error"] = "in_band_error"
    message: str = "scripted in-band error"


Mishap = Annotated[Stall | Cut | Garbage | Oversize | InBandError, Field(discriminator="kind")]


class Step(_Value):
    """What one answer does.

    Attributes:
        status: 2xx answers in the request's wire format; anything else sends the wire's error body.
        headers: sent besides (or, by name, instead of) the usual ones: Retry-After, Location, Content-Type.
        text: the answer; None echoes the request's nonce in every chunk.
        tokens: content chunks of a stream.
        finish: False leaves out the finish reason and the terminal events; the HTTP body still ends well.
        framing: `eof` sends no length, so that the body ends with the connection.
        echo_authorization: puts the caller's credentials into the error body, as careless providers do.
        weight: share among the steps of one rule.
    """

    status: Annotated[int, Field(ge=200, le=599)] = 200
    headers: dict[str, str] = Field(default_factory=dict)
    text: str | None = None
    tokens: Annotated[int, Field(ge=0, le=100_000)] = 4
    delay: _Seconds = 0.0
    token_delay: _Seconds = 0.0
    finish: bool = True
    mishap: Mishap | None = None
    framing: Literal["chunked", "eof"] = "chunked"
    message: str = "scripted failure"
    echo_authorization: bool = False
    weight: Annotated[float, Field(gt=0)] = 1.0


class Rule(_Value):
    """Steps for the requests whose model and path match the patterns (shell style), at most `times` of them."""

    steps: Annotated[tuple[Step, ...], Field(min_length=1, max_length=100)]
    model: str = "*"
    path: str = "*"
    times: Annotated[int, Field(ge=1)] | None = None

    def matches(self, *, model: str, path: str) -> bool:
        return fnmatchcase(model, self.model) and fnmatchcase(path, self.path)


class Script(_Value):
    """The rules, first match wins; what none matches is answered. `seed` decides every draw by weight."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=1000)] = ()
    default: Step = Step()
    seed: int = 0


def always(step: Step) -> Script:
    """A script that does the same for every request."""
    return Script(default=step)
