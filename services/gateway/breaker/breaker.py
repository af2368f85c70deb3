"""Joins the three parts: results come in by class, the policy judges them, the gate is turned. Pure: `now` comes in.

CLOSED -> OPEN when the policy says so and the endpoint may be spared; OPEN -> HALF_OPEN when its time is over and
somebody asks; HALF_OPEN admits one probe: an answer (a refusal too, since only the living refuse) closes, a failure
opens again, and a probe whose client left frees the place for another.

A Retry-After is no ejection: the endpoint is held back for that long and simply used again afterwards.
"""

from enum import StrEnum

from services.gateway.breaker.gate import Gate, GateState
from services.gateway.breaker.policy import AccrualPolicy
from services.gateway.classify import ResponseClass, classify
from services.gateway.errors import BreakerOpenError, MisconfiguredError, RateLimitedError

# A provider that asks for more than this is asked again anyway: its header may be wrong, its quota may have changed.
LONGEST_RETRY_AFTER = 60.0


class BreakerState(StrEnum):
    """The public words."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


_STATES = {
    GateState.OPEN: BreakerState.CLOSED,
    GateState.SHUT: BreakerState.OPEN,
    GateState.LIMITED: BreakerState.HALF_OPEN,
}


class Breaker:
    """The breaker of one endpoint.

    Attributes:
        is_misconfigured: The last judged answer was 401 or 403.
        open_until: Clock seconds at which a probe is due; meaningful while OPEN.
    """

    def __init__(self, name: str, policy: AccrualPolicy) -> None:
        self.is_misconfigured = False
        self.open_until = 0.0
        self._name = name
        self._policy = policy
        self._gate = Gate()
        self._held_until = 0.0

    @property
    def state(self) -> BreakerState:
        return _STATES[self._gate.state]

    def is_live(self, now: float) -> bool:
        """Whether requests flow to it: neither ejected nor on probation nor held back."""
        return self._gate.state is GateState.OPEN and now >= self._held_until

    def is_available(self, now: float) -> bool:
        """Whether `admit` would let somebody in."""
        if now < self._held_until:
            return False
        return self._gate.is_passable() or (self._gate.state is GateState.SHUT and now >= self.open_until)

    def retry_after(self, now: float) -> float:
        """Seconds until it is worth asking again."""
        ejected = self.open_until if self._gate.state is GateState.SHUT else now
        return max(0.0, self._held_until - now, ejected - now)

    def admit(self, now: float, *, last_resort: bool = False) -> int:
        """Let one request in and return its pass for `settle`.

        Raises:
            BreakerOpenError: The gate is shut, the one probe is under way, or the provider asked to be left alone.
        """
        if now >= self._held_until:
            if self._gate.state is GateState.SHUT and now >= self.open_until:
                self._gate.limit(1)
            if self._gate.is_passable() or (last_resort and self._gate.state is GateState.SHUT):
                return self._gate.enter()
        raise BreakerOpenError(f"{self._name} is not asked for now", retry_after=self.retry_after(now))

    def settle(self, gate_pass: int, outcome: BaseException | None, now: float, *, may_eject: bool) -> None:
        """Report how an admitted request ended; None is a complete answer."""
        is_current = gate_pass == self._gate.epoch
        self._gate.leave(gate_pass)
        self._note(outcome, now)
        if is_current:
            self._judge(classify(outcome), now, may_eject=may_eject)

    def fail(self, now: float, *, may_eject: bool) -> None:
        """Count a failure that no single attempt shows (a scaling answer whose cycles are spent).

        While half open it is the last probe's, unless another probe is under way, whose word then counts.
        """
        if self._gate.is_passable():
            self._judge(ResponseClass.RETRYABLE, now, may_eject=may_eject)

    def _note(self, outcome: BaseException | None, now: float) -> None:
        if outcome is None:
            self.is_misconfigured = False
        elif isinstance(outcome, MisconfiguredError):
            self.is_misconfigured = True
        elif isinstance(outcome, RateLimitedError) and outcome.retry_after is not None:
            self._held_until = max(self._held_until, now + min(outcome.retry_after, LONGEST_RETRY_AFTER))

    def _judge(self, result: ResponseClass, now: float, *, may_eject: bool) -> None:
        if result is ResponseClass.IGNORED:
            return
        if self._gate.state is GateState.OPEN:
            self._judge_closed(result, now, may_eject=may_eject)
        elif result is not ResponseClass.RETRYABLE:
            self._gate.open()
            self._policy.revived(now)
        elif self._gate.state is GateState.LIMITED:
            self._eject(now)

    def _judge_closed(self, result: ResponseClass, now: float, *, may_eject: bool) -> None:
        if result is ResponseClass.SUCCESS:
            self._policy.succeeded(now)
        elif result is ResponseClass.RETRYABLE and self._policy.failed(now) and may_eject:
            self._eject(now)

    def _eject(self, now: float) -> None:
        self.open_until = now + self._policy.ejected(now)
        self._gate.shut()
