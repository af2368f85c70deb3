from collections.abc import Mapping
from functools import partial

from services.gateway.config import LimitSettings, ModelAlias
from services.gateway.errors import InvalidRequestError, ModelNotFoundError
from services.gateway.messages import Operation, Reply, Request
from services.gateway.service import Service

_MAX_TEMPERATURE = 2.0


class ValidateLayer:
    """Decodes the body and holds it against the limits and the known models.

    Above: authentication, so that strangers cost no parsing. Below: everything that reads messages or spends anything.
    """

    def __init__(self, limits: LimitSettings, models: Mapping[str, ModelAlias]) -> None:
        self._limits = limits
        self._models = models

    def __call__(self, service: Service) -> Service:
        return partial(self._run, service)

    async def _run(self, service: Service, request: Request) -> Reply:
        if request.decode is not None:
            request = request.decode(request)
        self._check_model(request)
        self._check_size(request)
        self._check_sampling(request)
        request.context.model = request.model
        return await service(request)

    def _check_model(self, request: Request) -> None:
        alias = self._models.get(request.model)
        if alias is None:
            raise ModelNotFoundError(
                f"there is no model {request.model[:100]!r}; GET /v1/models lists those there are", param="model"
            )
        if alias.operation != request.operation.value:
            raise InvalidRequestError(
                f"model {request.model!r} is for {alias.operation}, not for {request.operation.value}", param="model"
            )

    def _check_size(self, request: Request) -> None:
        if request.operation is Operation.CHAT:
            _check_count("messages", len(request.messages), self._limits.messages)
        else:
            _check_count("input", len(request.inputs), self._limits.inputs)

    def _check_sampling(self, request: Request) -> None:
        most = self._limits.max_tokens
        if request.max_tokens is not None and not 1 <= request.max_tokens <= most:
            raise InvalidRequestError(
                f"max_tokens is {request.max_tokens}, but must be from 1 to {most}", param="max_tokens"
            )
        if request.temperature is not None and not 0 <= request.temperature <= _MAX_TEMPERATURE:
            raise InvalidRequestError(
                f"temperature is {request.temperature}, but must be from 0 to 2", param="temperature"
            )


def _check_count(name: str, count: int, most: int) -> None:
    if not 1 <= count <= most:
        raise InvalidRequestError(f"{name} has {count} entries, but must have from 1 to {most}", param=name)
