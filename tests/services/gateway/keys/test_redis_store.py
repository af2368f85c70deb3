import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.gateway.config import StoreSettings
from services.gateway.keys.issue import IssuedKey, KeyTerms, issue_key
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.redis_store import RedisKeyStore
from services.gateway.keys.store import KeyStoreLostError


def new_key(role: KeyRole = KeyRole.USER) -> IssuedKey:
    return issue_key(KeyTerms(role, 1.5, 9e9), b"pepper-of-a-test-only", secrets.token_bytes)


@asynccontextmanager
async def opened(settings: StoreSettings) -> AsyncIterator[RedisKeyStore]:
    store = RedisKeyStore(settings)
    try:
        yield store
    finally:
        await store.aclose()


async def test_keys_come_back_as_they_were_put_and_each_change_changes_the_version(
    store_settings: StoreSettings,
) -> None:
    key, other = new_key(), new_key(KeyRole.OPERATOR)
    async with opened(store_settings) as store:
        versions = [await store.version()]
        await store.put(key.key_id, key.record)
        versions.append(await store.version())
        await store.put(other.key_id, other.record)
        await store.remove(key.key_id)
        versions.append(await store.version())
        records = await store.all()

    assert records[other.key_id] == other.record
    assert key.key_id not in records
    assert len(set(versions)) == 3


async def test_a_store_that_is_not_there_is_lost(tmp_path: object) -> None:
    async with opened(StoreSettings(url="redis://127.0.0.1:1/0")) as store:
        with pytest.raises(KeyStoreLostError):
            await store.version()


async def test_a_wrong_password_is_a_lost_store_whose_error_does_not_show_it(valkey_port: int) -> None:
    async with opened(StoreSettings(url=f"redis://127.0.0.1:{valkey_port}/0")) as store:
        with pytest.raises(KeyStoreLostError) as caught:
            await store.version()

    assert "Authentication" in str(caught.value)


async def test_the_answer_to_a_cancelled_command_is_never_read_by_the_next(
    store_settings: StoreSettings, valkey_port: int
) -> None:
    key = new_key()
    async with held_back_proxy(valkey_port) as (port, hold, release):
        settings = store_settings.model_copy(update={"url": f"redis://127.0.0.1:{port}/0", "timeout_seconds": 30.0})
        async with opened(settings) as store:
            await store.put(key.key_id, key.record)
            hold.clear()
            cancelled = asyncio.ensure_future(store.version())
            await release.wait()
            cancelled.cancel()
            with pytest.raises(asyncio.CancelledError):
                await cancelled
            hold.set()

            assert key.key_id in await store.all()
            assert await store.version() > 0


@asynccontextmanager
async def held_back_proxy(target: int) -> AsyncIterator[tuple[int, asyncio.Event, asyncio.Event]]:
    """A proxy whose answers wait while `hold` is clear; the second event says that one does."""
    hold, waiting = asyncio.Event(), asyncio.Event()
    hold.set()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_answer: bool) -> None:
        try:
            while data := await reader.read(65536):
                if is_answer and not hold.is_set():
                    waiting.set()
                    await hold.wait()
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            pump(reader, upstream_writer, is_answer=False), pump(upstream_reader, writer, is_answer=True)
        )

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1], hold, waiting
    finally:
        server.close()
        await server.wait_closed()
