import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.gateway.config import ProviderName
from services.gateway.front.application import Application
from services.gateway.front.wire import Event
from services.gateway.messages import Chunk
from tests.services.gateway.stand_ins import Flow, ScriptedProvider, Stall, World, build_world, hello

OLLAMA = ProviderName.OLLAMA_LOCAL
CHAT = {"model": "default", "messages": [{"role": "user", "content": "hi"}]}


@dataclass
class Client:
    """One connection: sends a body, can leave, and keeps what it got."""

    body: object
    left: asyncio.Event = field(default_factory=asyncio.Event)
    got_some: asyncio.Event = field(default_factory=asyncio.Event)
    got: list[Event] = field(default_factory=list)
    sent: bool = False

    async def receive(self) -> Event:
        if not self.sent:
            self.sent = True
            return {"type": "http.request", "body": json.dumps(self.body).encode(), "more_body": False}
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def send(self, event: Event) -> None:
        self.got.append(event)
        if event["type"] == "http.response.body":
            self.got_some.set()


@asynccontextmanager
async def asking(world: World, path: str, client: Client) -> AsyncIterator[asyncio.Task[None]]:
    application = Application(world.gateway(), lambda: "id", is_internal=False)
    scope: Event = {"type": "http", "path": path, "method": "POST", "headers": []}
    task = asyncio.create_task(application(scope, client.receive, client.send))
    try:
        yield task
    finally:
        await asyncio.wait_for(task, 5)


async def test_a_client_that_leaves_cancels_the_upstream_at_once_and_nobody_else_is_asked() -> None:
    stall, other = Stall(), ScriptedProvider("openai")
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", stall)], ProviderName.OPENAI: [other]})
    client = Client({"prompt": "x"})

    async with asking(world, "/generate", client):
        await stall.began.wait()
        client.left.set()

    assert stall.cancelled
    assert client.got == []
    assert not other.calls
    assert world.events.of("gateway.request")[0]["outcome"] == "cancelled"
    assert world.pipeline.endpoints[0].stats.in_flight == 0


async def test_a_client_that_leaves_a_stream_closes_the_upstream() -> None:
    provider = ScriptedProvider("ollama_local", Flow([Chunk(text="a"), asyncio.Event()]))
    world = build_world({OLLAMA: [provider]})
    client = Client({**CHAT, "stream": True})

    async with asking(world, "/v1/chat/completions", client):
        await client.got_some.wait()
        client.left.set()

    assert provider.closed_streams == 1
    assert b"[DONE]" not in b"".join(event.get("body", b"") for event in client.got)
    assert world.pipeline.endpoints[0].stats.error_count == 0


async def test_a_client_that_stays_gets_its_answer_and_the_watch_leaves_nothing_behind() -> None:
    world = build_world({OLLAMA: [ScriptedProvider("ollama_local", hello("ollama_local"))]})
    client = Client({"prompt": "x"})

    async with asking(world, "/generate", client):
        pass

    assert client.got[0]["status"] == 200
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_client_that_reads_too_slowly_is_let_go_when_its_time_is_up() -> None:
    class Slow(Client):
        async def send(self, event: Event) -> None:
            await super().send(event)
            if len(self.got) > 1:
                await asyncio.Event().wait()

    provider = ScriptedProvider("ollama_local", Flow([Chunk(text="a"), Chunk(finish_reason="stop")]))
    world = build_world({OLLAMA: [provider]}, timeouts={"request_seconds": 0.05})
    client = Slow({**CHAT, "stream": True})
    application = Application(world.gateway(), lambda: "id", is_internal=False)
    scope: Event = {"type": "http", "path": "/v1/chat/completions", "method": "POST", "headers": []}

    task = asyncio.create_task(application(scope, client.receive, client.send))
    await asyncio.wait([task], timeout=3)

    assert provider.closed_streams == 1
    task.cancel()
    await asyncio.wait([task])
