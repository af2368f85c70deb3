import asyncio
import logging
import secrets
import time

from ray import serve
from starlette.applications import Starlette

from services.serving.apps.chat import ChatModel, chat_app
from services.serving.config.args import SimulatedArgs
from services.serving.simulator.batch import EngineLimits
from services.serving.simulator.engine import SimulatedEngine

LOGGER = logging.getLogger("ray.serve")


class SimulatedReplica:
    """A replica: one engine behind an OpenAI-shaped front."""

    def __init__(self, args: SimulatedArgs) -> None:
        self._args = args
        self._deployment_id = ""

    def reconfigure(self, config: dict[str, str]) -> None:
        """Take the deployment id over while running; Serve calls this at the start and whenever it changes."""
        self._deployment_id = config["deployment_id"]
        LOGGER.info("serving.model.configured", extra={"deployment_id": self._deployment_id, "model": self._args.model})

    def __serve_build_asgi_app__(self) -> Starlette:
        model = ChatModel(
            name=self._args.model,
            engine=SimulatedEngine(engine_limits(self._args), asyncio.sleep),
            filler_tokens=self._args.filler_tokens,
            deployment_id=lambda: self._deployment_id,
            new_id=lambda: secrets.token_hex(12),
            now=time.time,
        )
        return chat_app(model)


def engine_limits(args: SimulatedArgs) -> EngineLimits:
    """Return the engine's limits as its application's arguments state them."""
    return EngineLimits(**args.model_dump(exclude={"model", "filler_tokens"}))


SimulatedModel = serve.deployment(serve.ingress()(SimulatedReplica), name="SimulatedModel")


def build_app(args: SimulatedArgs) -> serve.Application:
    """Return the application for Serve; `args` are validated by Serve from this annotation."""
    return SimulatedModel.bind(args)
