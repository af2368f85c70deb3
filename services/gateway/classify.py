from enum import Enum, auto

from services.gateway.errors import GatewayError, ScalingError, UpstreamError


class ResponseClass(Enum):
    """What an attempt's end says about the endpoint.

    SUCCESS: it answered. RETRYABLE: it failed, and another attempt may do better; the only class that trips a breaker.
    NON_RETRYABLE: it is alive and refused (429, 401, 403, other 4xx). IGNORED: it says nothing about the endpoint.
    """

    SUCCESS = auto()
    RETRYABLE = auto()
    NON_RETRYABLE = auto()
    IGNORED = auto()


def classify(outcome: BaseException | None) -> ResponseClass:
    """The one judgement that metrics, retries and breaker share; None stands for a complete answer.

    A stream is judged at the end of its body. A client that leaves cancels, and is IGNORED; so are the request's own
    faults and its deadline. A scaling answer is IGNORED until its cycles are spent, which the back-off reports itself.
    """
    match outcome:
        case None:
            return ResponseClass.SUCCESS
        case ScalingError():
            return ResponseClass.IGNORED
        case UpstreamError():
            return ResponseClass.RETRYABLE if outcome.retryable else ResponseClass.NON_RETRYABLE
        case GatewayError():
            return ResponseClass.IGNORED
        case Exception():
            # A defect next to a provider is indistinguishable from a broken provider for whoever waits for an answer.
            return ResponseClass.RETRYABLE
        case _:
            return ResponseClass.IGNORED
