from dataclasses import asdict, dataclass
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.serving.apps.centroid import NearestCentroid
from services.serving.apps.wire import (
    CurrentId,
    RequestError,
    error_response,
    json_response,
    read_model,
    require_at_most,
)


class ClassifyRequest(BaseModel):
    """Texts to label."""

    model_config = ConfigDict(extra="forbid")

    inputs: Annotated[list[Annotated[str, Field(min_length=1, max_length=65_536)]], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class ClassifierModel:
    """What a classifier's front speaks for; `deployment_id` is asked for at each answer."""

    name: str
    classifier: NearestCentroid
    max_texts: int
    deployment_id: CurrentId


def classifier_app(model: ClassifierModel) -> Starlette:
    """Return the front: POST /classify, GET /health."""

    async def classify(request: Request) -> Response:
        try:
            asked = await read_model(request, ClassifyRequest)
            require_at_most(model.max_texts, asked.inputs, "inputs")
        except RequestError as error:
            return error_response(error, model.deployment_id())
        results = [asdict(classified) for classified in model.classifier.classify(asked.inputs)]
        content = {"model": model.name, "deployment_id": model.deployment_id(), "results": results}
        return json_response(content, model.deployment_id())

    async def health(_: Request) -> Response:
        content = {"status": "ok", "model": model.name, "deployment_id": model.deployment_id()}
        return json_response(content, model.deployment_id())

    return Starlette(routes=[Route("/classify", classify, methods=["POST"]), Route("/health", health, methods=["GET"])])
