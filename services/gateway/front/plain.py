from dataclasses import replace

import msgspec

from services.gateway.errors import InvalidRequestError
from services.gateway.front.bodies import ChatBody, GenerateBody, PlainEmbeddingsBody, decode_body
from services.gateway.front.chat_completions import usage_body
from services.gateway.front.shape import Moment, marks, messages_from
from services.gateway.messages import Answer, EmbeddingAnswer, Message, Request

_GENERATE = msgspec.json.Decoder(GenerateBody)
_CHAT = msgspec.json.Decoder(ChatBody)
_EMBEDDINGS = msgspec.json.Decoder(PlainEmbeddingsBody)


class _Plain:
    def __init__(self, moment: Moment) -> None:
        self._moment = moment

    def answer(self, reply: Answer | EmbeddingAnswer) -> bytes:
        """The text under both names that its callers know, `response` and `content`."""
        shared = {"model": reply.model, "request_id": self._moment.request_id, **marks(reply)}
        usage = usage_body(reply.usage)
        if isinstance(reply, EmbeddingAnswer):
            vectors = reply.vectors
            one = vectors[0] if len(vectors) == 1 else None
            return msgspec.json.encode({"embeddings": vectors, "embedding": one, "usage": usage, **shared})
        text = {"response": reply.content, "content": reply.content, "finish_reason": reply.finish_reason}
        return msgspec.json.encode({**text, "usage": usage, **shared})


class Generate(_Plain):
    """POST /generate and POST /api/query: a prompt in, a text out."""

    def decode(self, request: Request, body: bytes) -> Request:
        parsed = decode_body(_GENERATE.decode, body)
        if not parsed.prompt:
            raise InvalidRequestError("prompt is empty; send some text", param="prompt")
        return replace(
            request,
            model=parsed.model or self._moment.default_model,
            messages=(Message("user", parsed.prompt),),
            max_tokens=parsed.max_tokens,
            temperature=parsed.temperature,
        )


class Chat(_Plain):
    """POST /chat: a conversation in, the next turn's text out."""

    def decode(self, request: Request, body: bytes) -> Request:
        parsed = decode_body(_CHAT.decode, body)
        return replace(
            request,
            model=parsed.model or self._moment.default_model,
            messages=messages_from(parsed.messages),
            max_tokens=parsed.max_tokens,
            temperature=parsed.temperature,
        )


class Embeddings(_Plain):
    """POST /embeddings: texts in, vectors out."""

    def decode(self, request: Request, body: bytes) -> Request:
        parsed = decode_body(_EMBEDDINGS.decode, body)
        given = parsed.prompt if parsed.input is None else parsed.input
        if given is None:
            raise InvalidRequestError("input is missing; send a text or a list of texts", param="input")
        inputs = (given,) if isinstance(given, str) else tuple(given)
        return replace(request, model=parsed.model or self._moment.default_model, inputs=inputs)
