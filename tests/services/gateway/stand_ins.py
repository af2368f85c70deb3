import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from prometheus_client import CollectorRegistry

from services.gateway.authenticate import Authenticator, OpenAuthenticator
from services.gateway.config import Endpoint, GatewayConfig, ProviderName, ProviderSettings, WireFormat
from services.gateway.deadline import Deadline
from services.gateway.front.status_routes import Gateway
from services.gateway.lifecycle import Lifecycle
from services.gateway.messages import Answer, Chunk, EmbeddingAnswer, Message, Operation, Reply, Request, Stream
from services.gateway.pipeline import Pipeline
from services.gateway.providers.provider import Provider, UpstreamRequest
from services.gateway.providers.stub import StubProvider
from services.gateway.telemetry.metrics import Metrics
from services.gateway.tools import Tools


class FrozenClock:
    """Stands still until told; `sleep` advances it and gives other tasks a turn."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.epoch = 1_700_000_000.0
        self.slept: list[float] = []

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return self.epoch + self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.advance(seconds)
        await asyncio.sleep(0)


class RecordedEvents:
    """Keeps every event with its fields."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.all.append((event, fields))

    warning = info
    error = info

    def names(self) -> list[str]:
        return [name for name, _ in self.all]

    def of(self, name: str) -> list[dict[str, object]]:
        return [fields for event, fields in self.all if event == name]


Step: TypeAlias = Chunk | Exception | asyncio.Event


@dataclass
class Flow:
    """A stream's script: chunks to yield, exceptions to raise, events to wait for."""

    steps: Sequence[Step]


@dataclass
class Stall:
    """Answers only once released; notes whether it was cancelled."""

    release: asyncio.Event = field(default_factory=asyncio.Event)
    began: asyncio.Event = field(default_factory=asyncio.Event)
    cancelled: bool = False


Outcome: TypeAlias = Reply | Exception | Flow | Stall


def hello(provider: str = "p", text: str = "hello") -> Answer:
    return Answer(provider=provider, model="own", content=text, finish_reason="stop")


class ScriptedProvider:
    """An in-memory provider that does what it is told, one outcome a call; the last one repeats."""

    def __init__(self, name: str, *outcomes: Outcome) -> None:
        self.name = name
        self.outcomes = list(outcomes) or [hello(name)]
        self.calls: list[UpstreamRequest] = []
        self.closed_streams = 0

    async def send(self, upstream: UpstreamRequest) -> Reply:
        self.calls.append(upstream)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        if isinstance(outcome, Stall):
            return await self._stall(outcome)
        if isinstance(outcome, Flow):
            return Stream(self.name, "own", _flow(outcome), self._close)
        return outcome

    async def aclose(self) -> None:
        pass

    async def _stall(self, stall: Stall) -> Reply:
        stall.began.set()
        try:
            await stall.release.wait()
        except asyncio.CancelledError:
            stall.cancelled = True
            raise
        return hello(self.name)

    async def _close(self) -> None:
        self.closed_streams += 1


async def _flow(flow: Flow) -> AsyncIterator[Chunk]:
    for step in flow.steps:
        if isinstance(step, Exception):
            raise step
        if isinstance(step, asyncio.Event):
            await step.wait()
        else:
            yield step


def embedding(provider: str = "p") -> EmbeddingAnswer:
    return EmbeddingAnswer(provider=provider, model="own", vectors=[[0.5, -1.0]])


def tools(clock: FrozenClock, events: RecordedEvents) -> Tools:
    return Tools(clock, lambda: 1.0, events, Metrics(CollectorRegistry()))


def settings(count: int = 1, *, ray: bool = False, **fields: object) -> ProviderSettings:
    """Settings of a provider with so many endpoints on loopback."""
    endpoints = [
        Endpoint(url=f"http://127.0.0.1:{port}", wire=WireFormat.OPENAI, ray=ray) for port in range(1, count + 1)
    ]
    return ProviderSettings.model_validate({"endpoints": endpoints, **fields})


@dataclass
class World:
    """A whole pipeline over scripted providers, with its clock and its log."""

    config: GatewayConfig
    pipeline: Pipeline
    clock: FrozenClock
    events: RecordedEvents
    tools: Tools
    authenticator: Authenticator

    def gateway(self) -> Gateway:
        return Gateway(self.config, self.pipeline, self.authenticator, Lifecycle(), self.tools, self.clock.wall())

    def request(self, **fields: object) -> Request:
        base: dict[str, object] = {
            "id": "r1",
            "operation": Operation.CHAT,
            "deadline": Deadline.after(self.clock.now(), 60),
            "model": "default",
            "messages": (Message("user", "hi"),),
        }
        return Request(**{**base, **fields})  # type: ignore[arg-type]  # typed by Request

    async def ask(self, **fields: object) -> Reply:
        return await self.pipeline.service(self.request(**fields))


Providers: TypeAlias = Mapping[ProviderName, Sequence[ScriptedProvider]]
BuildWorld: TypeAlias = Callable[..., World]


def build_world(
    providers: Providers, authenticator: Authenticator | None = None, *, ray_first: bool = False, **fields: object
) -> World:
    """A pipeline over these providers; `fields` are settings of GatewayConfig."""
    configured = {
        name: settings(len(scripted), ray=ray_first and name is ProviderName.REMOTE_GPU)
        for name, scripted in providers.items()
    }
    config = GatewayConfig.model_validate({"auth": False, "providers": configured, "paid": True, **fields})
    clock, events = FrozenClock(), RecordedEvents()
    world_tools = tools(clock, events)
    chosen = authenticator or OpenAuthenticator()
    everything: dict[ProviderName, Sequence[Provider]] = {
        **providers,
        ProviderName.LOCAL_STUB: (StubProvider("local_stub"),),
    }
    return World(config, Pipeline.build(config, chosen, everything, world_tools), clock, events, world_tools, chosen)
