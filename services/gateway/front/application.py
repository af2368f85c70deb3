"""The ASGI applications of the two listeners: a table of paths, one place where errors become responses."""

import re
from collections.abc import Callable

from services.gateway.authenticate import require_operator
from services.gateway.error_map import ErrorMapLayer
from services.gateway.errors import GatewayError, MethodNotAllowedError, RouteNotFoundError
from services.gateway.front.error_body import error_body, error_headers
from services.gateway.front.model_routes import MODEL_ROUTES, ModelFront, credential
from services.gateway.front.status_routes import Access, Gateway, StatusPages, StatusRoute
from services.gateway.front.wire import ClientLeftError, Event, Receive, Scope, Send, header, send_body

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)


class Application:
    """One listener's application.

    Args:
        is_internal: Serves status routes alone, and asks nobody for a key.
        new_id: Makes a request id where the client sent none that could be one.
    """

    def __init__(self, gateway: Gateway, new_id: Callable[[], str], *, is_internal: bool) -> None:
        self._gateway = gateway
        self._new_id = new_id
        self._is_internal = is_internal
        self._models = ModelFront(gateway.config, gateway.pipeline.service, gateway.tools.clock)
        self._status = StatusPages(gateway).routes()
        self._errors = ErrorMapLayer(gateway.tools.events)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await _refuse(scope, receive, send)
            return
        sent = header(scope, b"x-request-id")
        request_id = sent if sent is not None and _REQUEST_ID.fullmatch(sent) else self._new_id()
        guard = _StartGuard(send)
        try:
            await self._route(request_id, scope, receive, guard)
        except ClientLeftError:
            return
        except GatewayError as error:
            await _fail(guard, error, request_id)
        except Exception as error:  # noqa: BLE001 - whatever else is left is a defect, and the client still gets JSON
            await _fail(guard, self._errors.internal(error, request_id), request_id)

    async def _route(self, request_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if path in MODEL_ROUTES and not self._is_internal:
            if method != "POST":
                raise MethodNotAllowedError(f"{path} takes POST, not {method[:20]}")
            await self._models.serve(request_id, scope, receive, send)
            return
        route = self._status_route(path)
        if method not in {"GET", "HEAD"}:
            raise MethodNotAllowedError(f"{path} takes GET, not {method[:20]}")
        await self._check(route.access, scope)
        page = await route.page(path)
        await page.send(send, {"x-request-id": request_id})

    def _status_route(self, path: str) -> StatusRoute:
        # A model's name may hold slashes, so everything below /v1/models/ is one route.
        route = self._status.get("/v1/models/" if path.startswith("/v1/models/") else path)
        if route is None or (self._is_internal and route.access is Access.KEY):
            raise RouteNotFoundError(f"there is no {path[:200]!r}; /docs lists the routes")
        return route

    async def _check(self, access: Access, scope: Scope) -> None:
        if self._is_internal or access is Access.ANYONE:
            return
        principal = await self._gateway.authenticator.identify(credential(scope))
        if access is Access.OPERATOR:
            require_operator(principal)


class _StartGuard:
    """Remembers whether a response was started, since an error after that cannot become one."""

    __slots__ = ("_send", "has_started")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_started = False

    async def __call__(self, event: Event) -> None:
        self.has_started = True
        await self._send(event)


async def _fail(send: _StartGuard, error: GatewayError, request_id: str) -> None:
    if send.has_started:
        # Without the last body event the server breaks the connection off, which no client takes for an end.
        return
    headers = {"x-request-id": request_id, **error_headers(error)}
    await send_body(send, error.status, error_body(error, request_id), headers)


async def _refuse(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1000})
