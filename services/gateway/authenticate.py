from dataclasses import replace
from functools import partial
from typing import Protocol

from services.gateway.errors import ForbiddenError
from services.gateway.keys.principal import KeyRole, Principal
from services.gateway.messages import Reply, Request
from services.gateway.service import Service

_ANYONE = Principal("anonymous", KeyRole.OPERATOR)


class Authenticator(Protocol):
    """Says whose a credential is; raises UnauthenticatedError or KeyStoreUnavailableError."""

    @property
    def is_ready(self) -> bool: ...

    async def identify(self, credential: str | None) -> Principal: ...


class OpenAuthenticator:
    """Lets anyone in, as an operator: for a gateway on loopback with auth off."""

    is_ready = True

    async def identify(self, credential: str | None) -> Principal:  # noqa: ARG002 - the protocol's signature
        return _ANYONE


def require_operator(principal: Principal) -> None:
    """Raises ForbiddenError unless the key is an operator's."""
    if principal.role is not KeyRole.OPERATOR:
        raise ForbiddenError("this route is for keys with the role operator; ask whoever runs the gateway for one")


class AuthenticateLayer:
    """Turns the credential into a principal and drops it.

    Above: the deadline, which bounds a look at the store. Below: validation, so that strangers cost no
    parsing.
    """

    def __init__(self, authenticator: Authenticator) -> None:
        self._authenticator = authenticator

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        principal = await self._authenticator.identify(request.credential)
        request.context.key_id = principal.key_id
        return await service(replace(request, principal=principal, credential=None))
