from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, model_validator

from services.serving.config.args import ClassifierArgs, EmbeddingsArgs, SimulatedArgs

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,47}$")]


class Autoscaling(BaseModel):
    """Replicas by load: Serve keeps `target_ongoing_requests` on each."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_replicas: int = Field(
        default=2, ge=0, description="0 lets the model sleep; the first request then waits for a start."
    )
    max_replicas: int = Field(default=4, ge=1, description="Upper bound, and so the bound of cost.")
    target_ongoing_requests: float = Field(
        default=8.0, gt=0, description="Requests in progress that one replica should have."
    )
    upscale_delay_seconds: float = Field(
        default=10.0, ge=0, description="How long load must last before replicas are added."
    )
    downscale_delay_seconds: float = Field(
        default=300.0, ge=0, description="How long idleness must last before any is removed."
    )

    @model_validator(mode="after")
    def _bounds_in_order(self) -> "Autoscaling":
        if self.min_replicas > self.max_replicas:
            raise ValueError(f"min_replicas is {self.min_replicas}, above max_replicas ({self.max_replicas}).")
        return self


class _Application(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Slug = Field(
        description="Serve's name of the application: another name is another application to Serve, not an update."
    )
    route_prefix: str = Field(
        pattern=r"^/[a-z0-9/_-]{0,63}$", description="Path under which it is served; no two may share one."
    )
    replicas: Annotated[int, Field(ge=1, le=1_000)] | Autoscaling = Field(
        default=2, description="A fixed number, or bounds for scaling by load."
    )
    num_cpus: float = Field(default=0.1, ge=0, description="Each replica's share in Ray's accounts; limits nothing.")
    num_gpus: float = Field(default=0.0, ge=0, description="GPUs of each replica; fractions share one.")
    max_ongoing_requests: int = Field(default=64, ge=1, description="Requests a replica works on at once.")
    max_queued_requests: int = Field(
        default=256, ge=-1, description="Requests that may wait in the proxy; further ones get 503. -1 is no bound."
    )
    labels: dict[str, str] = Field(
        default_factory=dict, description="Node labels that its replicas need, such as the pool."
    )


class SimulatedApplication(_Application):
    """A stand-in for a language model that says so in each answer."""

    kind: Literal["simulated-llm"] = "simulated-llm"
    args: SimulatedArgs = Field(default_factory=SimulatedArgs, description="The engine's size and speed.")


class EmbeddingsApplication(_Application):
    """Real vectors from a packaged table, on the CPU."""

    kind: Literal["embeddings"] = "embeddings"
    args: EmbeddingsArgs = Field(default_factory=EmbeddingsArgs, description="Batching.")


class ClassifierApplication(_Application):
    """Labels texts after examples, on the CPU."""

    kind: Literal["classifier"] = "classifier"
    args: ClassifierArgs = Field(description="The examples.")


class LlmApplication(_Application):
    """A real model on vLLM, through Ray's own builder; named by its import path and never imported here."""

    kind: Literal["llm"] = "llm"
    model: str = Field(min_length=1, max_length=96, description="The model's public name.")
    source: str = Field(
        min_length=1, max_length=512, description="Where the weights are: a hub's model id, or a path or bucket."
    )
    accelerator_type: str | None = Field(default=None, description="Ray's name of the GPU, such as A10G or T4.")
    engine: dict[str, JsonValue] = Field(default_factory=dict, description="Passed to vLLM, such as max_model_len.")
    num_gpus: float = Field(
        default=1.0, gt=0, description="GPUs of each replica, which is vLLM's tensor_parallel_size."
    )

    @model_validator(mode="after")
    def _placeable(self) -> "LlmApplication":
        if not self.num_gpus.is_integer():
            raise ValueError(f"num_gpus is {self.num_gpus}; vLLM takes whole GPUs.")
        if self.labels:
            raise ValueError("labels cannot be given to an llm, whose builder places it; set accelerator_type instead.")
        return self


class CustomApplication(_Application):
    """An application of the user's own, by import path `module:builder`."""

    kind: Literal["custom"] = "custom"
    model: str = Field(min_length=1, max_length=96, description="The model's public name.")
    import_path: str = Field(
        pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$", description="`package.module:builder`, importable on every node."
    )
    deployment: str = Field(
        pattern=r"^[A-Za-z_]\w*$", description="Name of the builder's deployment that scaling applies to."
    )
    args: dict[str, JsonValue] = Field(default_factory=dict, description="Passed to the builder.")


Application = Annotated[
    SimulatedApplication | EmbeddingsApplication | ClassifierApplication | LlmApplication | CustomApplication,
    Field(discriminator="kind"),
]
APPLICATIONS: TypeAdapter[tuple[Application, ...]] = TypeAdapter(tuple[Application, ...])


def model_name(application: Application) -> str:
    """Return the public name of the model that an application serves."""
    if isinstance(application, LlmApplication | CustomApplication):
        return application.model
    return application.args.model
