from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from stacks.settings.names import ModelName, Name
from stacks.settings.scaling import Scaling
from stacks.settings.section import Section
from stacks.settings.simulation import Simulation


class _Application(Section):
    model: ModelName = Field(description="The model name under which the application answers.")
    scaling: Scaling = Field(default=Scaling(), description="Replicas and when they change.")
    cpus: float = Field(
        default=0.1, ge=0, le=64, description="CPU cores that Ray reserves for one replica; more replicas need more."
    )
    max_ongoing_requests: int = Field(
        default=64, ge=1, le=10_000, description="Requests that one replica takes at once; more wait in its queue."
    )
    max_queued_requests: int = Field(
        default=256, ge=0, le=100_000, description="Requests that wait before the application answers 503."
    )


class SimulatedApplication(_Application):
    """A model that only pretends: no GPU, answers marked as simulated."""

    kind: Literal["simulated"] = Field(description="A simulated model; its answers say so and never count as real.")
    simulation: Simulation = Field(default=Simulation(), description="How it behaves under load.")


class EmbeddingsApplication(_Application):
    """Real embeddings on the CPU."""

    kind: Literal["embeddings"] = Field(description="Embeddings of texts, on the CPU.")
    max_batch: int = Field(default=32, ge=1, le=2048, description="Most texts that are embedded in one call.")


class ClassifierApplication(_Application):
    """Labels for texts, by the nearest examples."""

    kind: Literal["classifier"] = Field(description="Classification of texts into `labels`, on the CPU.")
    labels: Mapping[Name, tuple[str, ...]] = Field(
        min_length=2, description="Label to example texts; a text gets the label whose examples it is nearest to."
    )


class LlmApplication(_Application):
    """A language model in vLLM on GPUs; a rehearsal on this machine puts a simulated model in its place."""

    kind: Literal["llm"] = Field(description="A language model in vLLM; `model` must be a name under `models`.")
    simulation: Simulation = Field(
        default=Simulation(), description="How the simulated model behaves that takes its place in a rehearsal."
    )


Application = Annotated[
    SimulatedApplication | EmbeddingsApplication | ClassifierApplication | LlmApplication,
    Field(discriminator="kind"),
]
