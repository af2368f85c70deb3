import math

import msgspec

from services.gateway.errors import GatewayError, RequestError, RequestTimeoutError

_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
_FIRST_SERVER_ERROR = 500


def error_body(error: GatewayError, request_id: str) -> bytes:
    """An error in OpenAI's shape, with the request's id for whoever reports it."""
    kind = _TYPES.get(error.status) or ("api_error" if error.status >= _FIRST_SERVER_ERROR else "invalid_request_error")
    param = error.param if isinstance(error, RequestError) else None
    return msgspec.json.encode(
        {"error": {"message": str(error), "type": kind, "param": param, "code": error.code, "request_id": request_id}}
    )


def error_headers(error: GatewayError) -> dict[str, str]:
    """Retry-After, WWW-Authenticate and Connection where they belong."""
    headers = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, RequestTimeoutError):
        # The rest of the body may be dripping in still.
        headers["connection"] = "close"
    if error.status == 401:  # noqa: PLR2004 - unauthenticated
        headers["www-authenticate"] = "Bearer"
    return headers
