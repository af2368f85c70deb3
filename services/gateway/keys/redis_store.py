"""Keys in Redis or Valkey: a hash for each key under `forebay:key:<id>`, and a counter that changes with every change.

A command that was cancelled or timed out leaves its answer on the way, and whoever used the connection next would read
it as their own. So each command has a connection of its own while it runs, and one that did not end well is closed.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from redis.asyncio import ConnectionPool, Redis
from redis.exceptions import RedisError

from services.gateway.config import StoreSettings
from services.gateway.keys.record import KeyRecord
from services.gateway.keys.store import KeyStoreLostError

KEY_PREFIX = "forebay:key:"
VERSION_KEY = "forebay:keys:version"
_PAGE = 500


class RedisKeyStore:
    """A `KeyStore` over one Valkey; holds up to four connections."""

    def __init__(self, settings: StoreSettings) -> None:
        """Prepare; nothing is connected yet.

        Raises:
            OSError: The password's file cannot be read.
        """
        password = settings.password_file.read_text().strip() if settings.password_file is not None else None
        self._timeout = settings.timeout_seconds
        self._pool = ConnectionPool.from_url(
            settings.url, password=password, decode_responses=True, max_connections=4, retry=None
        )

    async def version(self) -> int:
        async with self._client() as client:
            return int(await client.get(VERSION_KEY) or 0)

    async def all(self) -> dict[str, KeyRecord]:
        async with self._client() as client:
            names = [name async for name in client.scan_iter(match=f"{KEY_PREFIX}*", count=_PAGE)]
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.hgetall(name)
            rows = await pipe.execute()
        records = ((name.removeprefix(KEY_PREFIX), _read(row)) for name, row in zip(names, rows, strict=True))
        return {key_id: record for key_id, record in records if record is not None}

    async def put(self, key_id: str, record: KeyRecord) -> None:
        async with self._client() as client:
            pipe = client.pipeline(transaction=True)
            pipe.hset(KEY_PREFIX + key_id, mapping=record.to_fields())
            pipe.incr(VERSION_KEY)
            await pipe.execute()

    async def remove(self, key_id: str) -> None:
        async with self._client() as client:
            pipe = client.pipeline(transaction=True)
            pipe.delete(KEY_PREFIX + key_id)
            pipe.incr(VERSION_KEY)
            await pipe.execute()

    async def aclose(self) -> None:
        await self._pool.aclose()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Redis]:
        try:
            async with asyncio.timeout(self._timeout):
                client = Redis(connection_pool=self._pool, single_connection_client=True)
                try:
                    await client.initialize()
                    yield client
                except BaseException:
                    if client.connection is not None:
                        await client.connection.disconnect(nowait=True)
                    raise
                finally:
                    await client.aclose(close_connection_pool=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise KeyStoreLostError(f"the state store did not answer: {type(error).__name__}") from None


def _read(fields: Mapping[str, str]) -> KeyRecord | None:
    try:
        return KeyRecord.from_fields(fields)
    except ValueError:
        return None
