from collections.abc import Callable
from functools import partial

from services.gateway.breaker.breaker import Breaker
from services.gateway.clock import Clock
from services.gateway.messages import Reply, Request, Stream
from services.gateway.service import Service
from services.gateway.streams import watch


class BreakerLayer:
    """Admits to one endpoint and reports each end to its breaker, a stream's at the end of its body.

    Above: balance, which looks for an endpoint whose gate lets in. Below: the attempt timeout, so that a
    timeout is a result.
    """

    def __init__(self, breaker: Breaker, clock: Clock, may_eject: Callable[[Request], bool]) -> None:
        self._breaker = breaker
        self._clock = clock
        self._may_eject = may_eject

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        gate_pass = self._breaker.admit(self._clock.now(), last_resort=request.context.last_resort)
        settle = partial(self._settle, request, gate_pass)
        try:
            reply = await service(request)
        except BaseException as error:
            settle(error)
            raise
        if isinstance(reply, Stream):
            return watch(reply, settle)
        settle(None)
        return reply

    def _settle(self, request: Request, gate_pass: int, outcome: BaseException | None) -> None:
        self._breaker.settle(gate_pass, outcome, self._clock.now(), may_eject=self._may_eject(request))
