"""What the HTTP fronts share: bounded bodies, errors in OpenAI's shape, and work that ends when its client leaves.

The fronts are Starlette routes rather than FastAPI: Serve imports both anyway, so memory is the same, but a request
does not pass FastAPI's resolution of dependencies and validation of responses.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive

DEPLOYMENT_ID_HEADER = "x-forebay-deployment-id"
MAX_BODY_BYTES = 2 * 1024 * 1024

CurrentId = Callable[[], str]
Result = TypeVar("Result")
Body = TypeVar("Body", bound=BaseModel)


class RequestError(Exception):
    """A request is refused; `code` is for programs, the message for people."""

    def __init__(self, status: int, code: str, message: str, retry_after_seconds: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after_seconds = retry_after_seconds


class ClientGoneError(Exception):
    """The client closed the connection before the answer was complete."""


async def read_body(request: Request) -> bytes:
    """Read a request's body.

    Raises:
        RequestError: 413, it is longer than 2 MiB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise RequestError(413, "body_too_large", f"The body is longer than {MAX_BODY_BYTES} bytes; send less.")
    return bytes(body)


async def read_model(request: Request, model: type[Body]) -> Body:
    """Read a request's JSON body as `model`.

    Raises:
        RequestError: 413 it is too long, 400 it does not fit.
    """
    body = await read_body(request)
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "the body"
        raise RequestError(400, "invalid_request", f"{place}: {first['msg']}.") from None


def require_model(asked: str | None, served: str) -> None:
    """Check the model that a request names; none means the one there is.

    Raises:
        RequestError: 404, another model is served here.
    """
    if asked is not None and asked != served:
        raise RequestError(404, "model_not_found", f"The model {asked!r} is not served here; {served!r} is.")


def require_at_most(limit: int, texts: Sequence[str], key: str) -> None:
    """Check how many texts a request carries under `key`.

    Raises:
        RequestError: 400, more than `limit`.
    """
    if len(texts) > limit:
        raise RequestError(400, "too_many_inputs", f"{key} has {len(texts)} texts; at most {limit} are allowed.")


def json_response(content: Mapping[str, object], deployment_id: str, status: int = 200) -> Response:
    """Answer with JSON and the deployment id's header."""
    return Response(
        json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode(),
        status,
        headers={DEPLOYMENT_ID_HEADER: deployment_id},
        media_type="application/json",
    )


def error_response(error: RequestError, deployment_id: str) -> Response:
    """Answer in OpenAI's shape of errors."""
    kind = "server_error" if error.status >= 500 else "invalid_request_error"  # noqa: PLR2004  # HTTP's server errors
    content = {"error": {"message": str(error), "type": kind, "param": None, "code": error.code}}
    response = json_response(content, deployment_id, error.status)
    if error.retry_after_seconds is not None:
        response.headers["retry-after"] = str(error.retry_after_seconds)
    return response


async def while_connected(receive: Receive, work: Coroutine[object, object, Result]) -> Result:
    """Run `work` to its end, or cancel it once the client has left.

    Raises:
        ClientGoneError: the client has left; the work is cancelled and over.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientGoneError
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
