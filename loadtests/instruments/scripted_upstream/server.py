from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, Self

import msgspec
from pydantic import ValidationError

from loadtests.instruments.clock import Clock, SystemClock
from loadtests.instruments.nonce import nonces_in
from loadtests.instruments.scripted_upstream.calls import Call, CallLog, Ending
from loadtests.instruments.scripted_upstream.choice import StepChoice
from loadtests.instruments.scripted_upstream.connection import Connection
from loadtests.instruments.scripted_upstream.control import PREFIX, Control
from loadtests.instruments.scripted_upstream.exchange import EndedEarlyError, Exchange, Writer
from loadtests.instruments.scripted_upstream.script import Script, Step
from loadtests.instruments.scripted_upstream.wires import wire_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from loadtests.instruments.scripted_upstream.request import Request
    from loadtests.instruments.scripted_upstream.wires import Question, Wire

STEP_HEADER = "x-scripted-step"
LOOPBACK = "127.0.0.1"
_WAIT_SECONDS = 10.0
_PLAIN = Step()
_JSON_HEADERS = {"content-type": "application/json"}


class UnservableError(Exception):
    """The request is none that a provider could answer; `status` says so to the caller."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Plan(NamedTuple):
    """How one request will be answered."""

    wire: Wire
    question: Question
    step: Step


class ScriptedUpstream:
    """An HTTP server on loopback that speaks every provider's wire format and misbehaves as it is told.

    A request's step comes from its `x-scripted-step` header (a Step as JSON), else from the script.
    An async context manager; `port` 0 takes a free one.
    """

    def __init__(self, script: Script | None = None, *, port: int = 0, clock: Clock | None = None) -> None:
        self._choice = StepChoice(script or Script())
        self._wanted_port = port
        self._clock = clock or SystemClock()
        self._released = asyncio.Event()
        self._connections: set[Connection] = set()
        self._disconnected = asyncio.Event()
        self._calls = CallLog()
        self._control = Control(self._calls, self.set_script, self.release)
        self._stopping = False

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._connected, LOOPBACK, self._wanted_port, backlog=1024)
        self._port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stopping = True
        self._server.close()
        for connection in tuple(self._connections):
            connection.reset()
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return f"http://{LOOPBACK}:{self._port}"

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call so far, in order of arrival; control requests are none."""
        return self._calls()

    @property
    def open_connections(self) -> int:
        return len(self._connections)

    def set_script(self, script: Script) -> None:
        """Holds for the requests that arrive from now on."""
        self._choice = StepChoice(script)

    def release(self) -> None:
        """Lets every answer that now stalls without a time of its own go on."""
        self._released.set()
        self._released = asyncio.Event()

    async def wait(
        self, condition: Callable[[tuple[Call, ...]], bool], *, seconds: float = _WAIT_SECONDS
    ) -> tuple[Call, ...]:
        """The calls as soon as the condition holds for them. Raises TimeoutError."""
        return await self._calls.wait(condition, seconds=seconds)

    async def wait_connections(self, condition: Callable[[int], bool], *, seconds: float = _WAIT_SECONDS) -> int:
        """The number of open connections as soon as the condition holds for it. Raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while not condition(len(self._connections)):
                await self._disconnected.wait()
        return len(self._connections)

    def _connected(self) -> Connection:
        connection = Connection(self._exchange, self._lost)
        self._connections.add(connection)
        return connection

    def _lost(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self._disconnected.set()
        self._disconnected = asyncio.Event()

    async def _exchange(self, request: Request, connection: Connection) -> None:
        if request.path.startswith(PREFIX):
            control = self._control.answer(request)
            await self._say(connection, control.status, control.body)
        else:
            await self._serve(request, connection)
        if not request.keep_alive:
            connection.close()

    async def _serve(self, request: Request, connection: Connection) -> None:
        call = self._calls.open(request, self._clock.now())
        try:
            plan = self._plan(request, call)
        except UnservableError as fault:
            await self._say(connection, fault.status, msgspec.json.encode({"error": str(fault)}))
            self._close_call(call, "complete", status=fault.status)
            return
        question = plan.question
        nonce = next(iter(nonces_in(question.prompt)), "")
        call = msgspec.structs.replace(call, model=question.model, nonce=nonce, stream=question.stream)
        self._calls.replace(call)
        writer = Writer(connection, plan.step, self._clock)
        exchange = Exchange(writer, connection, self._clock, lambda: self._released)
        ending: Ending = "stopped"
        try:
            await exchange.run(request, plan.wire, question, plan.step)
            ending = "complete"
        except EndedEarlyError:
            ending = "cut"
        except asyncio.CancelledError:
            ending = "stopped" if self._stopping else "client_left"
            raise
        finally:
            self._close_call(call, ending, writer)

    def _plan(self, request: Request, call: Call) -> Plan:
        wire = wire_of(request.path)
        if wire is None:
            raise UnservableError(404, f"no provider has {request.path}")
        body = request.json()
        if body is None:
            raise UnservableError(400, "the body is no JSON object")
        question = replace(wire.question(request.path, body), number=call.number, created=int(call.time))
        own = request.headers.get(STEP_HEADER)
        if own is None:
            return Plan(wire, question, self._choice.step_for(model=question.model, path=request.path))
        try:
            return Plan(wire, question, Step.model_validate_json(own.encode("latin-1")))
        except ValidationError as error:
            raise UnservableError(400, f"{STEP_HEADER} is no valid step") from error

    async def _say(self, connection: Connection, status: int, body: bytes) -> None:
        writer = Writer(connection, _PLAIN, self._clock)
        await writer.head(status, _JSON_HEADERS, length=len(body))
        await writer.body(body)
        await writer.end()

    def _close_call(self, call: Call, ending: Ending, writer: Writer | None = None, *, status: int = 0) -> None:
        now = self._clock.now()
        self._calls.replace(
            msgspec.structs.replace(
                call,
                status=writer.status if writer else status,
                chunks_sent=writer.chunks_sent if writer else 0,
                bytes_sent=writer.bytes_sent if writer else 0,
                ended=ending,
                ended_time=now,
                client_left_time=now if ending == "client_left" else None,
            )
        )
