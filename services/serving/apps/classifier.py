import logging

from ray import serve
from starlette.applications import Starlette

from services.serving.apps.centroid import NearestCentroid
from services.serving.apps.classifier_api import ClassifierModel, classifier_app
from services.serving.apps.word_table import WordTable
from services.serving.config.args import ClassifierArgs

LOGGER = logging.getLogger("ray.serve")


class ClassifierReplica:
    """A replica: labels texts after the examples in its arguments."""

    def __init__(self, args: ClassifierArgs) -> None:
        self._args = args
        self._classifier = NearestCentroid.fit(args.examples, args.temperature, WordTable.packaged().embed)
        self._deployment_id = ""

    def reconfigure(self, config: dict[str, str]) -> None:
        """Take the deployment id over while running; Serve calls this at the start and whenever it changes."""
        self._deployment_id = config["deployment_id"]
        LOGGER.info("serving.model.configured", extra={"deployment_id": self._deployment_id, "model": self._args.model})

    def __serve_build_asgi_app__(self) -> Starlette:
        model = ClassifierModel(
            name=self._args.model,
            classifier=self._classifier,
            max_texts=self._args.max_texts,
            deployment_id=lambda: self._deployment_id,
        )
        return classifier_app(model)


Classifier = serve.deployment(serve.ingress()(ClassifierReplica), name="Classifier")


def build_app(args: ClassifierArgs) -> serve.Application:
    """Return the application for Serve; `args` are validated by Serve from this annotation."""
    return Classifier.bind(args)
