"""Every error that the gateway raises on a request's path.

GatewayError
├── RequestError
│   ├── InvalidRequestError
│   ├── UnauthenticatedError
│   ├── ForbiddenError
│   ├── ModelNotFoundError
│   ├── RouteNotFoundError
│   ├── MethodNotAllowedError
│   ├── RequestTimeoutError
│   ├── PayloadTooLargeError
│   └── HeadTooLargeError
├── DeadlineExceededError
├── UnavailableError
│   ├── BreakerOpenError
│   ├── AttemptsSpentError
│   ├── KeyStoreUnavailableError
│   ├── DrainingError
│   └── ChainExhaustedError
├── InternalError
└── UpstreamError
    ├── ConnectError
    ├── UpstreamTimeoutError
    ├── ProtocolError
    ├── StreamCutError
    └── UpstreamStatusError
        ├── RateLimitedError
        ├── MisconfiguredError
        └── ScalingError

`status` is what a client sees, `code` the word in the error's body, `retryable` whether the same endpoint may well
answer the same request a moment later. `str(error)` is a sentence that a client may read: it never holds a secret,
an upstream's URL or an upstream's raw text.
"""

from typing import ClassVar, Literal

Phase = Literal["connect", "first_byte", "gap", "total"]

_FIRST_SERVER_ERROR = 500
_REQUEST_TIMEOUT = 408


class GatewayError(Exception):
    """Root of the tree."""

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    retryable: bool = False
    retry_after: float | None = None


class RequestError(GatewayError):
    """The client's to mend; never sent to a provider, never a provider's failure."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class InvalidRequestError(RequestError):
    """A body or parameter that is not what the API takes; `param` names it."""


class UnauthenticatedError(RequestError):
    """No key, or one that is malformed, unknown, expired or disabled."""

    status = 401
    code = "invalid_api_key"


class ForbiddenError(RequestError):
    """A valid key without the role that is needed."""

    status = 403
    code = "forbidden"


class ModelNotFoundError(RequestError):
    """No provider of the chain serves the model that was asked for."""

    status = 404
    code = "model_not_found"


class RouteNotFoundError(RequestError):
    """No such path."""

    status = 404
    code = "not_found"


class MethodNotAllowedError(RequestError):
    """The path exists, with another method."""

    status = 405
    code = "method_not_allowed"


class RequestTimeoutError(RequestError):
    """The request did not come whole in its time."""

    status = 408
    code = "request_timeout"


class PayloadTooLargeError(RequestError):
    """A body beyond the configured limit."""

    status = 413
    code = "payload_too_large"


class HeadTooLargeError(RequestError):
    """A request line and headers beyond what any client needs."""

    status = 431
    code = "head_too_large"


class DeadlineExceededError(GatewayError):
    """The request's own time is up; no provider is tried any more."""

    status = 504
    code = "deadline_exceeded"


class UnavailableError(GatewayError):
    """Nothing can answer now; `retry_after` in seconds where it is known."""

    status = 503
    code = "unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class BreakerOpenError(UnavailableError):
    """The endpoint's gate is shut, or its one probe is under way; nothing was sent."""

    code = "breaker_open"


class AttemptsSpentError(UnavailableError):
    """The request has made all the upstream calls that one request may make."""

    code = "attempts_spent"

    def __init__(self, cap: int) -> None:
        super().__init__(f"the request has used its {cap} upstream calls; try again later")
        self.cap = cap


class KeyStoreUnavailableError(UnavailableError):
    """The state store cannot be asked about a key and no recent snapshot knows it."""

    code = "key_store_unavailable"


class DrainingError(UnavailableError):
    """This process is about to end and takes no new work."""

    code = "draining"


class ChainExhaustedError(UnavailableError):
    """Every provider failed and the stub may not answer; `causes` maps provider to error code."""

    code = "chain_exhausted"

    def __init__(self, message: str, *, causes: dict[str, str], retry_after: float | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.causes = causes


class InternalError(GatewayError):
    """A defect of the gateway; the log has the traceback under the request's id."""


class UpstreamError(GatewayError):
    """A provider did not answer as it should. Raised by providers and by the layers next to them."""

    status = 502
    code = "upstream_error"

    def __init__(self, message: str, *, provider: str) -> None:
        super().__init__(message)
        self.provider = provider


class ConnectError(UpstreamError):
    """No connection: refused, reset before a byte of the request was sent, name not found, TLS failed."""

    code = "upstream_connect"
    retryable = True


class UpstreamTimeoutError(UpstreamError):
    """One phase of an attempt took too long.

    Attributes:
        phase: connect; first_byte (up to the response's headers or, for a stream, its first content); gap (between two
            reads of the body); total (the whole attempt).
    """

    status = 504
    code = "upstream_timeout"
    retryable = True

    def __init__(self, message: str, *, provider: str, phase: Phase) -> None:
        super().__init__(message, provider=provider)
        self.phase: Phase = phase


class ProtocolError(UpstreamError):
    """The provider sent what its protocol does not allow: bad JSON, a missing field, a frame beyond the limit."""

    code = "upstream_protocol"
    retryable = True


class StreamCutError(UpstreamError):
    """The connection ended, reset or carried an in-band error before the finish_reason."""

    code = "upstream_cut"
    retryable = True


class UpstreamStatusError(UpstreamError):
    """A status other than 2xx.

    Attributes:
        upstream_status: What the provider sent.
        retry_after: Seconds from the provider's Retry-After header (a date already turned into seconds), else None.
    """

    code = "upstream_status"

    def __init__(self, message: str, *, provider: str, upstream_status: int, retry_after: float | None = None) -> None:
        super().__init__(message, provider=provider)
        self.upstream_status = upstream_status
        self.retry_after = retry_after
        self.retryable = upstream_status >= _FIRST_SERVER_ERROR or upstream_status == _REQUEST_TIMEOUT


class RateLimitedError(UpstreamStatusError):
    """429: the provider is well and asks for less."""

    code = "upstream_rate_limited"


class MisconfiguredError(UpstreamStatusError):
    """401 or 403 from a provider: its credentials are wrong, which only the operator can mend."""

    code = "upstream_misconfigured"


class ScalingError(UpstreamStatusError):
    """One of RAY_SCALING_STATUS_CODES from a Ray Serve endpoint: replicas are starting."""

    code = "upstream_scaling"

    def __init__(self, message: str, *, provider: str, upstream_status: int, retry_after: float | None = None) -> None:
        super().__init__(message, provider=provider, upstream_status=upstream_status, retry_after=retry_after)
        self.retryable = True
