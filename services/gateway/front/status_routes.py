"""GET routes that tell how the gateway is; none of them calls a model."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

import msgspec

from services.gateway.authenticate import Authenticator
from services.gateway.breaker.breaker import BreakerState
from services.gateway.config import GatewayConfig
from services.gateway.errors import ModelNotFoundError
from services.gateway.front.wire import JSON, Send, send_body
from services.gateway.lifecycle import Lifecycle
from services.gateway.pipeline import Pipeline
from services.gateway.provider_health import provider_health
from services.gateway.tools import Tools

_METRICS = b"text/plain; version=0.0.4; charset=utf-8"
_BREAKER_VALUES = {BreakerState.CLOSED: 0, BreakerState.HALF_OPEN: 1, BreakerState.OPEN: 2}
_MODELS = "/v1/models/"


class Access(Enum):
    """Who may read a status route on the public listener; the internal one asks nobody."""

    ANYONE = auto()
    KEY = auto()
    OPERATOR = auto()


@dataclass(frozen=True, slots=True)
class Page:
    """A complete response."""

    status: int
    body: bytes
    content_type: bytes = JSON

    async def send(self, send: Send, headers: Mapping[str, str]) -> None:
        await send_body(send, self.status, self.body, headers, self.content_type)


@dataclass(frozen=True, slots=True)
class StatusRoute:
    """One path: who may read it, and how it is made."""

    access: Access
    page: Callable[[str], Awaitable[Page]]


StatusRoutes: TypeAlias = Mapping[str, StatusRoute]


@dataclass(frozen=True, slots=True)
class Gateway:
    """All that the fronts show of one process."""

    config: GatewayConfig
    pipeline: Pipeline
    authenticator: Authenticator
    lifecycle: Lifecycle
    tools: Tools
    started: float

    @property
    def is_ready(self) -> bool:
        return not self.lifecycle.is_draining and self.authenticator.is_ready


class StatusPages:
    """Makes the pages."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> StatusRoutes:
        """By path; models are looked up by what follows the path, so `/v1/models/` stands for all of them."""
        return {
            "/livez": StatusRoute(Access.ANYONE, self._livez),
            "/readyz": StatusRoute(Access.ANYONE, self._readyz),
            "/health": StatusRoute(Access.ANYONE, self._health),
            "/v1/models": StatusRoute(Access.KEY, self._models),
            _MODELS: StatusRoute(Access.KEY, self._model),
            "/health/gpu-providers": StatusRoute(Access.OPERATOR, self._providers),
            "/metrics": StatusRoute(Access.OPERATOR, self._metrics),
            "/docs": StatusRoute(Access.OPERATOR, self._docs),
            "/redoc": StatusRoute(Access.OPERATOR, self._docs),
            "/openapi.json": StatusRoute(Access.OPERATOR, self._docs),
        }

    async def _livez(self, _: str) -> Page:
        return Page(200, b'{"status":"alive"}')

    async def _readyz(self, _: str) -> Page:
        if self._gateway.is_ready:
            return Page(200, b'{"ready":true}')
        reason = "draining" if self._gateway.lifecycle.is_draining else "no keys known yet, the state store is away"
        return Page(503, msgspec.json.encode({"ready": False, "reason": reason}))

    async def _health(self, _: str) -> Page:
        gateway = self._gateway
        now = gateway.tools.clock.now()
        has_provider = any(one.breaker.is_available(now) for one in gateway.pipeline.endpoints)
        body = {
            "status": "healthy" if gateway.is_ready and has_provider else "degraded",
            "ready": gateway.is_ready,
            "release": gateway.config.release,
            "providers": [name.value for name in gateway.pipeline.chain],
        }
        return Page(200, msgspec.json.encode(body))

    async def _models(self, _: str) -> Page:
        names = sorted(self._gateway.config.models)
        return Page(200, msgspec.json.encode({"object": "list", "data": [self._card(name) for name in names]}))

    async def _model(self, path: str) -> Page:
        name = path.removeprefix(_MODELS)
        if name not in self._gateway.config.models:
            raise ModelNotFoundError(f"there is no model {name[:100]!r}; GET /v1/models lists those there are")
        return Page(200, msgspec.json.encode(self._card(name)))

    def _card(self, name: str) -> dict[str, object]:
        created = int(self._gateway.started)
        return {"id": name, "object": "model", "created": created, "owned_by": "forebay"}

    async def _providers(self, _: str) -> Page:
        return Page(200, msgspec.json.encode(provider_health(self._gateway.pipeline, self._gateway.tools.clock)))

    async def _metrics(self, _: str) -> Page:
        metrics = self._gateway.tools.metrics
        for one in self._gateway.pipeline.endpoints:
            metrics.breaker_state.labels(one.provider.value, one.name).set(_BREAKER_VALUES[one.breaker.state])
        return Page(200, metrics.render(), _METRICS)

    async def _docs(self, path: str) -> Page:
        # FastAPI takes longer to import than the rest of the gateway together, so it waits for its first reader.
        from services.gateway.front.documentation import documentation_page  # noqa: PLC0415 - as said above

        content_type, body = documentation_page(path)
        return Page(200, body, content_type)
