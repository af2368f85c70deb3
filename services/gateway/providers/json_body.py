from typing import TypeVar

import msgspec

from services.gateway.wire.frame import FrameError

_T = TypeVar("_T")


def decoded(data: bytes, shape: type[_T]) -> _T:
    """JSON as a typed value; unknown fields are passed over. Raises FrameError, which repeats nothing of the data."""
    try:
        return msgspec.json.decode(data, type=shape)
    except msgspec.ValidationError as error:
        raise FrameError(f"a field that its wire format does not allow ({_place(error)})") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FrameError("a body or event that is no valid JSON") from None


def arguments_object(text: str) -> dict[str, object]:
    """A tool call's arguments for a wire that wants an object; a client's text that is none goes under one key."""
    try:
        return decoded(text.encode() or b"{}", dict[str, object])
    except FrameError:
        return {"arguments": text}


def _place(error: msgspec.ValidationError) -> str:
    return str(error).rpartition(" - at ")[2].strip("`") or "at its top"
