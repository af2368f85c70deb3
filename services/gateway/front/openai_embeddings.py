import base64
import sys
from array import array
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from services.gateway.errors import InvalidRequestError
from services.gateway.front.bodies import EmbeddingsBody, decode_body
from services.gateway.front.shape import marks
from services.gateway.messages import Answer, EmbeddingAnswer, Request

_DECODER = msgspec.json.Decoder(EmbeddingsBody)
_ENCODER = msgspec.json.Encoder()
_FORMATS = ("float", "base64")


class OpenAIEmbeddings:
    """POST /v1/embeddings; base64 (little-endian float32) is what openai-python asks for by itself."""

    def __init__(self) -> None:
        self._is_base64 = False

    def decode(self, request: Request, body: bytes) -> Request:
        parsed = decode_body(_DECODER.decode, body)
        if parsed.encoding_format not in _FORMATS:
            raise InvalidRequestError(
                f"encoding_format is {parsed.encoding_format[:40]!r}, but must be float or base64",
                param="encoding_format",
            )
        self._is_base64 = parsed.encoding_format == "base64"
        return replace(
            request,
            model=parsed.model,
            inputs=(parsed.input,) if isinstance(parsed.input, str) else tuple(parsed.input),
            parameters={} if parsed.dimensions is None else {"dimensions": parsed.dimensions},
        )

    def answer(self, reply: Answer | EmbeddingAnswer) -> bytes:
        if not isinstance(reply, EmbeddingAnswer):
            raise TypeError("embeddings were answered with a chat")
        tokens = reply.usage.prompt_tokens if reply.usage is not None else 0
        rows = [
            {"object": "embedding", "index": index, "embedding": _base64(vector) if self._is_base64 else vector}
            for index, vector in enumerate(reply.vectors)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return _ENCODER.encode({"object": "list", "data": rows, "model": reply.model, "usage": usage, **marks(reply)})


def _base64(vector: Sequence[float]) -> str:
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode("ascii")
