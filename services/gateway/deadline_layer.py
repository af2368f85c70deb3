import asyncio
from functools import partial

from services.gateway.clock import Clock
from services.gateway.errors import DeadlineExceededError
from services.gateway.messages import Reply, Request
from services.gateway.service import Service


class DeadlineLayer:
    """Ends a request when its time is up, whatever it waits for; the attempt timeout keeps it during a stream.

    Above: the error map. Below: everything that can wait, so that nothing waits longer than the client does.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        try:
            async with asyncio.timeout(request.deadline.remaining(self._clock.now())) as scope:
                return await service(request)
        except TimeoutError as error:
            if scope.expired():
                raise DeadlineExceededError("the request's time was up before an answer was there") from error
            raise
