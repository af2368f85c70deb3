"""Runs the gateway on its listeners, and stops it without failing a request.

Stopping: /readyz turns false while requests are still accepted, so that balancers look away first; after the grace the
listener closes, what is under way may end within the drain time, and what is left is cancelled, which breaks its
connection. The internal listener stays up until then, so that the drain can be watched.
"""

import asyncio
import logging
import math
import signal
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from services.gateway.assembly import Assembly
from services.gateway.config import Listener
from services.gateway.front.application import Application
from services.gateway.front.bounded_http_protocol import BoundedHttpProtocol
from services.gateway.telemetry.events import Events

_BACKLOG = 2048
# Longer than any balancer keeps an idle connection, so that it is the balancer who closes, never both at once.
_KEEP_ALIVE_SECONDS = 75


class ListenError(Exception):
    """An address that cannot be listened on; the text says which and why."""


async def serve(assembly: Assembly) -> None:
    """Serve until SIGTERM or SIGINT, then drain.

    Raises:
        ListenError: An address is taken or not this machine's.
    """
    gateway = assembly.gateway
    config, events = gateway.config, gateway.tools.events
    sockets = {"public": _bind(config.listen)}
    if config.internal is not None:
        sockets["internal"] = _bind(config.internal)
    logging.getLogger("uvicorn").addHandler(_ServerWords(events))
    watching = [asyncio.create_task(assembly.keyring.watch())] if assembly.keyring is not None else []
    servers = {name: _server(assembly, is_internal=name == "internal") for name in sockets}
    serving = {name: asyncio.create_task(server.serve([sockets[name]])) for name, server in servers.items()}
    events.info("gateway.listening", **{name: _address(one) for name, one in sockets.items()})
    try:
        await _until_told(list(serving.values()))
        gateway.lifecycle.drain()
        events.info("gateway.draining", grace=config.drain_grace_seconds, seconds=config.drain_seconds)
        await gateway.tools.clock.sleep(config.drain_grace_seconds)
        for name, server in servers.items():
            server.should_exit = True
            await serving[name]
    finally:
        for task in watching:
            task.cancel()
        if assembly.keyring is not None:
            await assembly.keyring.aclose()
        await gateway.pipeline.aclose()
        events.info("gateway.stopped")


class _Server(uvicorn.Server):
    """uvicorn's server, less its own signal handlers: stopping has an order here."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _server(assembly: Assembly, *, is_internal: bool) -> _Server:
    application = Application(assembly.gateway, lambda: uuid.uuid4().hex, is_internal=is_internal)
    config = uvicorn.Config(
        application,
        http=BoundedHttpProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=math.ceil(assembly.gateway.config.drain_seconds),
    )
    return _Server(config)


async def _until_told(serving: list[asyncio.Task[None]]) -> None:
    """Return at the first signal, or when a listener ended by itself."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    waiting = asyncio.create_task(told.wait())
    await asyncio.wait([waiting, *serving], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()


def _bind(listener: Listener) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            listener.host, listener.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, protocol)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except OSError as error:
        place = f"{listener.host}:{listener.port}"
        raise ListenError(f"cannot listen on {place}: {error.strerror}; stop what uses it or choose another") from None
    bound.setblocking(False)
    return bound


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"{host}:{port}"


class _ServerWords(logging.Handler):
    """Brings what uvicorn has to say into the JSON log, from warnings up."""

    def __init__(self, events: Events) -> None:
        super().__init__(logging.WARNING)
        self._events = events

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] is not None else None
        self._events.warning("gateway.server", message=record.getMessage()[:300], error=error)
