from dataclasses import dataclass
from typing import Protocol

from services.gateway.messages import Reply, Request


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for each phase of one attempt, already cut to what the request's deadline leaves.

    Attributes:
        connect: Until the connection (with TLS) stands.
        first_byte: From `send` to the response's headers; the layer above extends it to a stream's first content.
        gap: Between two reads of a streamed body.
        total: The whole attempt.
    """

    connect: float
    first_byte: float
    gap: float
    total: float


@dataclass(frozen=True, slots=True)
class UpstreamRequest:
    """What one attempt asks of one endpoint.

    Attributes:
        request: Its messages, inputs and parameters; `request.id` is forwarded as `x-request-id`. Nothing else of the
            client (no header, no key) reaches a provider.
        model: The provider's own model name.
    """

    request: Request
    model: str
    timeouts: Timeouts


class Provider(Protocol):
    """One configured endpoint of one provider: the one-method seam to everything that generates.

    `send` makes exactly one upstream call: no retry, no redirect, no other endpoint. It returns an Answer for CHAT
    without stream, a Stream (after 2xx headers, before any content) for CHAT with `request.stream`, an EmbeddingAnswer
    for EMBED. It raises only `errors.UpstreamError`s: ConnectError; UpstreamTimeoutError with the phase that ran out;
    RateLimitedError (429), MisconfiguredError (401, 403), ScalingError (the scaling codes, where the endpoint has
    them), UpstreamStatusError (any other non-2xx, redirects too); ProtocolError (garbage, a body beyond the limit, an
    operation that the wire format lacks); StreamCutError (the body ended early, or an in-band error).
    A cancelled `send` closes its connection at once and leaves nothing behind. The connect timeout is the provider's
    alone to keep; the attempt-timeout layer also guards the other three.

    Attributes:
        name: The provider's name in the chain; the same for all endpoints of a provider.
    """

    @property
    def name(self) -> str: ...

    async def send(self, upstream: UpstreamRequest) -> Reply: ...

    async def aclose(self) -> None:
        """Close all connections; `send` is not called afterwards."""
        ...
