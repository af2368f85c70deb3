import traceback
from functools import partial

from services.gateway.errors import GatewayError, InternalError
from services.gateway.messages import Chunk, Reply, Request, Stream
from services.gateway.service import Service
from services.gateway.telemetry.events import Events


class ErrorMapLayer:
    """Lets nothing but `GatewayError`s up, from a call or from a stream; a defect is logged by its place in the code.

    An exception's own text is neither logged nor shown: it may quote a prompt.
    Above: the log, which writes the mapped code. Below: everything that can fail.
    """

    def __init__(self, events: Events) -> None:
        self._events = events

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        try:
            reply = await service(request)
        except GatewayError:
            raise
        except Exception as error:  # noqa: BLE001 - the one place that maps whatever comes
            raise self.internal(error, request.id) from None
        if isinstance(reply, Stream):
            return reply.wrapped(_Mapped(self, reply, request.id), reply.aclose)
        return reply

    def internal(self, error: Exception, request_id: str) -> InternalError:
        """Log a defect and return what the client sees of it."""
        frames = [
            f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)
        ]
        self._events.error("gateway.defect", request_id=request_id, error=type(error).__name__, frames=frames)
        return InternalError("the gateway failed; report the request id to whoever runs it")


class _Mapped:
    __slots__ = ("_layer", "_request_id", "_stream")

    def __init__(self, layer: ErrorMapLayer, stream: Stream, request_id: str) -> None:
        self._layer = layer
        self._stream = stream
        self._request_id = request_id

    def __aiter__(self) -> "_Mapped":
        return self

    async def __anext__(self) -> Chunk:
        try:
            return await anext(self._stream.chunks)
        except (GatewayError, StopAsyncIteration):
            raise
        except Exception as error:  # noqa: BLE001 - as for the call itself
            raise self._layer.internal(error, self._request_id) from None
