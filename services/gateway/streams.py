"""Watching a stream to its end, for the layers that judge, count or log a whole answer."""

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from services.gateway.errors import StreamCutError
from services.gateway.messages import Chunk, Stream

OnEnd: TypeAlias = Callable[[BaseException | None], None]


def watch(stream: Stream, on_end: OnEnd) -> Stream:
    """The same stream, with `on_end` called exactly once when it is over.

    It gets None for an answer that had its finish_reason, the exception that ended it, or CancelledError when it was
    closed before. An end without a finish_reason is turned into StreamCutError here.
    """
    watched = _Watched(stream, on_end)
    return stream.wrapped(watched, watched.close)


class _Watched:
    __slots__ = ("_finished", "_on_end", "_stream")

    def __init__(self, stream: Stream, on_end: OnEnd) -> None:
        self._stream = stream
        self._on_end: OnEnd | None = on_end
        self._finished = False

    def __aiter__(self) -> "_Watched":
        return self

    async def __anext__(self) -> Chunk:
        try:
            chunk = await anext(self._stream.chunks)
        except StopAsyncIteration:
            if not self._finished:
                error = StreamCutError("the stream ended without a finish_reason", provider=self._stream.provider)
                self._end(error)
                raise error from None
            self._end(None)
            raise
        except BaseException as error:
            self._end(error)
            raise
        if chunk.finish_reason is not None:
            self._finished = True
        return chunk

    async def close(self) -> None:
        self._end(None if self._finished else asyncio.CancelledError())
        await self._stream.aclose()

    def _end(self, outcome: BaseException | None) -> None:
        on_end, self._on_end = self._on_end, None
        if on_end is not None:
            on_end(outcome)
