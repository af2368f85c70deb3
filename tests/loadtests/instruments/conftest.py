from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from loadtests.instruments.scripted_upstream import ScriptedUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def upstream() -> AsyncIterator[ScriptedUpstream]:
    async with ScriptedUpstream() as server:
        yield server


@pytest.fixture
async def http(upstream: ScriptedUpstream) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(base_url=upstream.url, timeout=aiohttp.ClientTimeout(total=10)) as session:
        yield session
