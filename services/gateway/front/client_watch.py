"""Cancels the work of a request when its client leaves.

The server only says so to whoever listens, so a small task listens while the work runs, and cancels it. The scope is
left before the response is complete: from then on the server reports every connection as gone.
"""

import asyncio
from types import TracebackType
from typing import Self

from services.gateway.front.wire import ClientLeftError, Receive


class ClientWatch:
    """`async with ClientWatch(receive):` runs its body only as long as the client is there; else ClientLeftError."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._has_left = False
        self._work: asyncio.Task[object] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._work = asyncio.current_task()
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher is not None:
            self._watcher.cancel()
        if not self._has_left or self._work is None:
            return
        if kind is None:
            # The body ended in the very moment; the cancellation is still to be delivered, and is taken here.
            try:
                await asyncio.sleep(0)
            except asyncio.CancelledError:
                kind = asyncio.CancelledError
        self._work.uncancel()
        if kind is not None and issubclass(kind, asyncio.CancelledError):
            raise ClientLeftError from None

    async def _watch(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._has_left = True
        if self._work is not None:
            self._work.cancel()
