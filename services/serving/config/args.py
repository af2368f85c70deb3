from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Positive = Annotated[int, Field(gt=0)]
Text = Annotated[str, Field(min_length=1, max_length=8192)]


class _Args(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(
        description="The model's public name, in answers and in /v1/models.", min_length=1, max_length=96
    )


class SimulatedArgs(_Args):
    """What a simulated engine can hold and how fast it is; the defaults are a small model on a small GPU."""

    model: str = Field(
        default="sim-small",
        pattern=r"^sim-[a-z0-9][a-z0-9._-]{0,90}$",
        description="Starts with sim-, so that no answer is taken for real.",
    )
    kv_tokens: Positive = Field(default=16_384, description="Tokens of KV cache; requests beyond it wait.")
    max_batch: Positive = Field(
        default=32, description="Sequences decoded together; more raises throughput and each one's latency."
    )
    max_waiting: int = Field(
        default=64, ge=0, description="Requests that may wait; one more is answered 503 with Retry-After."
    )
    context_tokens: Positive = Field(
        default=4_096, description="Longest prompt plus answer; a longer one is answered 400."
    )
    prefill_tokens_per_second: float = Field(
        default=8_000.0, gt=0, description="Speed of reading prompts; it stalls decoding, as on a GPU."
    )
    prefill_tokens_per_step: Positive = Field(default=512, description="Most prompt tokens read in one step.")
    step_seconds: float = Field(default=0.008, gt=0, description="Time of a decoding step for a batch of none.")
    step_seconds_per_sequence: float = Field(
        default=0.000_2, ge=0, description="What each sequence in the batch adds to a step."
    )
    filler_tokens: int = Field(
        default=8, ge=0, le=4_096, description="Words after the echoed message before the answer stops by itself."
    )

    @model_validator(mode="after")
    def _context_fits_cache(self) -> "SimulatedArgs":
        if self.context_tokens > self.kv_tokens:
            raise ValueError(
                f"context_tokens is {self.context_tokens}, more than kv_tokens ({self.kv_tokens}); "
                "the longest request would never start."
            )
        return self


class EmbeddingsArgs(_Args):
    """How texts are gathered into batches."""

    model: str = Field(
        default="wordllama-l2-supercat-256", min_length=1, max_length=96, description="The model's public name."
    )
    max_batch: Positive = Field(default=32, description="Requests computed together.")
    batch_wait_seconds: float = Field(default=0.002, ge=0, le=1, description="How long a request waits for company.")
    max_texts: Positive = Field(default=256, description="Texts a request may carry.")


class ClassifierArgs(_Args):
    """Labelled examples; a text gets the label whose examples' mean vector is nearest."""

    model: str = Field(default="nearest-centroid", min_length=1, max_length=96, description="The model's public name.")
    examples: dict[Annotated[str, Field(min_length=1, max_length=96)], tuple[Text, ...]] = Field(
        description="Label -> texts that show it; two labels or more, each with one text or more."
    )
    temperature: float = Field(
        default=0.1, gt=0, description="Divides the cosine similarities before softmax: lower is surer."
    )
    max_texts: Positive = Field(default=256, description="Texts a request may carry.")

    @model_validator(mode="after")
    def _enough_examples(self) -> "ClassifierArgs":
        if len(self.examples) < 2:  # noqa: PLR2004  # one label is no choice
            raise ValueError(f"examples has {len(self.examples)} label(s); a classifier needs two or more.")
        empty = sorted(label for label, texts in self.examples.items() if not texts)
        if empty:
            raise ValueError(f"examples has no text for label {empty[0]!r}; give it one or more.")
        return self
