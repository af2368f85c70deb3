from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from services.gateway.deadline import Deadline
from services.gateway.messages import Message, Operation, Request
from services.gateway.providers.provider import Timeouts, UpstreamRequest

NONCE = "nonce-00112233445566ff"
PATIENT = Timeouts(connect=5, first_byte=5, gap=5, total=5)


@pytest.fixture
def ask() -> Callable[..., UpstreamRequest]:
    """Builds what a provider is asked; a chat with one user message that carries a nonce unless told otherwise."""

    def build(*, timeouts: Timeouts = PATIENT, model: str = "m", **fields: object) -> UpstreamRequest:
        request = Request(
            id="request-1",
            operation=Operation.CHAT,
            deadline=Deadline.never(),
            messages=(Message(role="user", content=f"repeat {NONCE}"),),
        )
        return UpstreamRequest(replace(request, **fields), model, timeouts)  # type: ignore[arg-type]  # typed by Request

    return build


@pytest.fixture
def embed(ask: Callable[..., UpstreamRequest]) -> Callable[[Sequence[str]], UpstreamRequest]:
    def build(texts: Sequence[str]) -> UpstreamRequest:
        return ask(operation=Operation.EMBED, messages=(), inputs=tuple(texts))

    return build
