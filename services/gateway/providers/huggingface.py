"""Hugging Face inference: which of its two wires is spoken follows from the address.

An address that ends in `/v1` (the router's https://router.huggingface.co/v1, or a dedicated endpoint's) is the
OpenAI-compatible chat API, today's way to chat models. Any other (https://router.huggingface.co/hf-inference) has the
text-generation task at `/models/{id}`, the only way to completion models such as distilgpt2: they have no chat
template. Embeddings are the feature-extraction pipeline with both, since the router's chat API has none.
"""

from collections.abc import Iterator
from functools import partial
from urllib.parse import quote

import msgspec

from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Operation, Usage
from services.gateway.providers.dialect import Dialect, InBandError, StreamReading, UnsupportedOperationError
from services.gateway.providers.json_body import decoded
from services.gateway.providers.openai import OpenAIDialect
from services.gateway.providers.prompt import prompt_of
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.providers.whole_body import WholeBodyReading
from services.gateway.wire.frame import FrameError
from services.gateway.wire.sse import SseParser

_CHAT_BASE = "/v1"
_TASK_BASE = "/hf-inference"
_SSE = "text/event-stream"
_PARAMETERS = ("top_p", "seed")


class _Generated(msgspec.Struct):
    generated_text: str | None = None
    error: object = None


class _Token(msgspec.Struct):
    text: str = ""
    special: bool = False


class _Details(msgspec.Struct):
    finish_reason: str
    generated_tokens: int = 0


class _Event(msgspec.Struct):
    token: _Token | None = None
    generated_text: str | None = None
    details: _Details | None = None
    error: object = None


class HuggingFaceDialect:
    """Chat or text generation by the address (see the module), and embeddings."""

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}
        is_chat = address.endswith(_CHAT_BASE)
        self._tasks = address.removesuffix(_CHAT_BASE) + _TASK_BASE if is_chat else address
        self._chat: Dialect = (
            OpenAIDialect(name, address, api_key) if is_chat else TextGenerationDialect(name, address, api_key)
        )

    def post(self, upstream: UpstreamRequest) -> Post:
        if upstream.request.operation is Operation.CHAT:
            return self._chat.post(upstream)
        url = f"{self._tasks}/models/{quote(upstream.model)}/pipeline/feature-extraction"
        return Post(url=url, body=msgspec.json.encode({"inputs": upstream.request.inputs}), headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer | EmbeddingAnswer:
        if upstream.request.operation is Operation.CHAT:
            return self._chat.reply(upstream, body)
        vectors = decoded(body, list[list[float]])
        if len(vectors) != len(upstream.request.inputs):
            raise FrameError("an answer with another number of vectors than texts")
        return EmbeddingAnswer(provider=self._name, model=upstream.model, vectors=vectors)

    def reading(self, upstream: UpstreamRequest, content_type: str) -> StreamReading:
        return self._chat.reading(upstream, content_type)


class TextGenerationDialect:
    """The text-generation task; a server that does not stream it is served as one chunk."""

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._address = address
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def post(self, upstream: UpstreamRequest) -> Post:
        request = upstream.request
        if request.operation is not Operation.CHAT:
            raise UnsupportedOperationError("text generation has no embeddings")
        parameters: dict[str, object] = {
            "max_new_tokens": request.max_tokens,
            # This wire refuses 0, which means to it as to us that nothing is drawn.
            "temperature": request.temperature or None,
            "do_sample": False if request.temperature == 0 else None,
            "return_full_text": False,
            **{name: request.parameters[name] for name in _PARAMETERS if name in request.parameters},
        }
        body: dict[str, object] = {
            "inputs": prompt_of(request.messages),
            "parameters": {name: value for name, value in parameters.items() if value is not None},
        }
        if request.stream:
            body["stream"] = True
        url = f"{self._address}/models/{quote(upstream.model)}"
        return Post(url=url, body=msgspec.json.encode(body), headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer:
        first = next(iter(decoded(body, list[_Generated])), _Generated())
        if first.error is not None:
            raise InBandError
        if first.generated_text is None:
            raise FrameError("an answer without generated_text")
        return Answer(provider=self._name, model=upstream.model, content=first.generated_text, finish_reason="stop")

    def reading(self, upstream: UpstreamRequest, content_type: str) -> StreamReading:
        return TextGenerationReading() if content_type == _SSE else WholeBodyReading(partial(self.reply, upstream))


class TextGenerationReading:
    """Chunks from token events; special tokens (end of text) are no content."""

    def __init__(self) -> None:
        self.model = ""
        self.simulated = False
        self._parser = SseParser()

    def feed(self, data: bytes) -> Iterator[Chunk]:
        return (_chunk(decoded(event.data, _Event)) for event in self._parser.feed(data))

    def finish(self) -> Iterator[Chunk]:
        return iter(())


def _chunk(event: _Event) -> Chunk:
    if event.error is not None:
        raise InBandError
    if event.token is None:
        raise FrameError("an event without a token")
    text = "" if event.token.special else event.token.text
    if event.details is None:
        return Chunk(text=text)
    finish = "length" if event.details.finish_reason == "length" else "stop"
    return Chunk(text=text, finish_reason=finish, usage=Usage(0, event.details.generated_tokens))
