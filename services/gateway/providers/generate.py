from functools import partial

import msgspec

from services.gateway.messages import Answer, Operation
from services.gateway.providers.dialect import InBandError, UnsupportedOperationError
from services.gateway.providers.json_body import decoded
from services.gateway.providers.prompt import prompt_of
from services.gateway.providers.provider import UpstreamRequest
from services.gateway.providers.transport import Post
from services.gateway.providers.whole_body import WholeBodyReading
from services.gateway.wire.frame import FrameError


class _Body(msgspec.Struct):
    content: str | None = None
    model: str | None = None
    simulated: bool = False
    error: object = None


class GenerateDialect:
    """`{prompt, max_tokens, temperature}` to `{content}` at one route: what a self-written GPU endpoint speaks.

    It has no stream and no finish reason: a stream is the whole answer as one chunk, the reason is always `stop`.
    """

    def __init__(self, name: str, address: str, api_key: str | None = None) -> None:
        self._name = name
        self._address = address
        self._headers = {"authorization": f"Bearer {api_key}"} if api_key else {}

    def post(self, upstream: UpstreamRequest) -> Post:
        request = upstream.request
        if request.operation is not Operation.CHAT:
            raise UnsupportedOperationError("its wire format has no embeddings")
        body: dict[str, object] = {"prompt": prompt_of(request.messages)}
        if request.max_tokens is not None:
            body["max_tokens"] = request.max_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        return Post(url=self._address, body=msgspec.json.encode(body), headers=self._headers)

    def reply(self, upstream: UpstreamRequest, body: bytes) -> Answer:
        found = decoded(body, _Body)
        if found.error is not None:
            raise InBandError
        if found.content is None:
            raise FrameError("an answer without content")
        return Answer(
            provider=self._name,
            model=found.model or upstream.model,
            content=found.content,
            finish_reason="stop",
            simulated=found.simulated,
        )

    def reading(self, upstream: UpstreamRequest, content_type: str) -> WholeBodyReading:
        del content_type
        return WholeBodyReading(partial(self.reply, upstream))
