from datetime import timedelta
from enum import StrEnum, unique
from typing import Annotated

from pydantic import AnyHttpUrl, BeforeValidator, Field

from stacks.settings.names import ModelName
from stacks.settings.quantity import Duration
from stacks.settings.section import Section


@unique
class OllamaMode(StrEnum):
    """How a stack comes by an Ollama server."""

    AUTO = "auto"
    OFF = "off"
    URL = "url"


def _unquoted_off(value: object) -> object:
    # YAML 1.1 reads an unquoted `off` as false.
    return "off" if value is False else value


class Ollama(Section):
    """The Ollama server behind `ollama_local`; the address it listens on follows from the stack's ports."""

    mode: Annotated[OllamaMode, BeforeValidator(_unquoted_off)] = Field(
        default=OllamaMode.AUTO,
        description="auto uses a running Ollama or starts an installed one, off has none, url uses the one at `url`.",
    )
    url: AnyHttpUrl | None = Field(
        default=None, description="Address of an Ollama that is already there; only with mode url."
    )
    models: tuple[ModelName, ...] = Field(
        default=(), max_length=20, description="Models that are pulled and loaded, as named under `models`."
    )
    instances: int = Field(
        default=1, ge=1, le=20, description="Servers, on a cluster; the gateway fails over between them."
    )
    num_parallel: int = Field(
        default=4,
        ge=1,
        le=64,
        description="OLLAMA_NUM_PARALLEL: requests a model computes at once; KV cache grows with it.",
    )
    max_loaded_models: int = Field(
        default=1, ge=1, le=16, description="OLLAMA_MAX_LOADED_MODELS: models in memory at once; all must fit together."
    )
    max_queue: int = Field(
        default=128, ge=1, le=10_000, description="OLLAMA_MAX_QUEUE: requests that wait before Ollama answers 503."
    )
    keep_alive: Duration = Field(
        default=timedelta(minutes=30),
        ge=timedelta(0),
        le=timedelta(days=30),
        description="OLLAMA_KEEP_ALIVE: how long an idle model stays in memory, 0s to 30d; then it starts cold.",
    )
