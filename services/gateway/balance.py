from collections.abc import Sequence

from services.gateway.clock import Clock
from services.gateway.endpoint import LiveEndpoint
from services.gateway.errors import BreakerOpenError, ModelNotFoundError
from services.gateway.messages import Reply, Request


class Balance:
    """Sends a request to one endpoint of a provider: in rotation, past shut gates, not where the last try was.

    Above: retry, so that each retry picks anew. Below: the endpoint's own layers. It reads only whether an endpoint
    serves the model and whether its gate lets in.
    """

    def __init__(self, provider: str, endpoints: Sequence[LiveEndpoint], clock: Clock) -> None:
        self._provider = provider
        self._endpoints = tuple(endpoints)
        self._clock = clock
        self._turn = 0

    async def __call__(self, request: Request) -> Reply:
        """Answer from the first endpoint that admits the request.

        Raises:
            BreakerOpenError: None does; `retry_after` is the soonest of them.
            ModelNotFoundError: None serves the model.
        """
        soonest: float | None = None
        for endpoint in self._in_turn(request):
            try:
                return await endpoint.service(request)
            except BreakerOpenError as error:
                wait = error.retry_after or 0.0
                soonest = wait if soonest is None else min(soonest, wait)
        if soonest is None:
            raise ModelNotFoundError(f"{self._provider} serves no model {request.upstream_model!r}")
        raise BreakerOpenError(f"{self._provider} is not asked for now", retry_after=soonest)

    def _in_turn(self, request: Request) -> list[LiveEndpoint]:
        serving = [one for one in self._endpoints if one.settings.serves(request.upstream_model)]
        if len(serving) > 1:
            first = self._turn % len(serving)
            self._turn += 1
            serving = serving[first:] + serving[:first]
            tried = request.context.endpoint
            serving.sort(key=lambda one: one.name == tried)
        return serving
