from collections.abc import AsyncIterator

from services.gateway.errors import ProtocolError
from services.gateway.messages import Answer, Chunk, Operation, Reply, Stream
from services.gateway.providers.provider import UpstreamRequest

STUB_MODEL = "stub"
STUB_TEXT = (
    "This is a placeholder and not a model's answer: no language model could be reached. Please try again in a while."
)


class StubProvider:
    """The last of the chain: a canned answer, always marked as degraded. It calls nobody and invents no vectors."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    async def send(self, upstream: UpstreamRequest) -> Reply:
        if upstream.request.operation is not Operation.CHAT:
            raise ProtocolError("the stub has no embeddings", provider=self._name)
        if upstream.request.stream:
            return Stream(provider=self._name, model=STUB_MODEL, chunks=_chunks(), close=self.aclose, degraded=True)
        return Answer(provider=self._name, model=STUB_MODEL, content=STUB_TEXT, finish_reason="stop", degraded=True)

    async def aclose(self) -> None:
        """Nothing is open."""


async def _chunks() -> AsyncIterator[Chunk]:
    yield Chunk(text=STUB_TEXT)
    yield Chunk(finish_reason="stop")
