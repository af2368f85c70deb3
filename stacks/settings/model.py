from enum import StrEnum, unique
from typing import Literal

from pydantic import Field

from stacks.settings.placement import Placement
from stacks.settings.provider import Provider
from stacks.settings.quantity import ParameterCount
from stacks.settings.section import Section


@unique
class Dtype(StrEnum):
    """The type in which a model computes and keeps its KV cache."""

    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"
    FLOAT32 = "float32"

    @property
    def bytes(self) -> int:
        """Size of one number."""
        return 4 if self is Dtype.FLOAT32 else 2


class Attention(Section):
    """The numbers of a model's configuration from which its KV cache follows."""

    layers: int = Field(ge=1, le=1000, description="Transformer layers (num_hidden_layers).")
    kv_heads: int = Field(ge=1, le=1024, description="Key and value heads (num_key_value_heads).")
    head_dim: int = Field(ge=1, le=4096, description="Width of one head (head_dim, or hidden size / heads).")


class Model(Section):
    """A model that this stack runs itself, with what its memory follows from."""

    served_by: Literal[Provider.OLLAMA_LOCAL, Provider.REMOTE_GPU] = Field(
        description="ollama_local runs it in Ollama, remote_gpu in Ray Serve."
    )
    source: str | None = Field(
        default=None,
        max_length=256,
        description="Where the weights come from, such as a Hugging Face id; none where the server knows it by name.",
    )
    parameters: ParameterCount = Field(
        ge=10**5,
        le=10**12,
        description="Size of the model, such as 8B: weights take this times `weight_bits` / 8 bytes.",
    )
    weight_bits: Literal[4, 8, 16] = Field(
        default=16, description="Bits of a weight: 4 and 8 are quantised, smaller and a little less exact; 16 is full."
    )
    dtype: Dtype = Field(
        default=Dtype.FLOAT16, description="Type of computation and KV cache; bfloat16 does not exist on a T4."
    )
    context: int = Field(
        default=4096, ge=128, le=1_048_576, description="Longest prompt plus answer, in tokens; KV cache grows with it."
    )
    sequences: int = Field(
        default=4, ge=1, le=1024, description="Requests that one replica computes at once; KV cache grows with it."
    )
    gpus: Literal[1, 2, 4, 8] = Field(
        default=1, description="GPUs of one replica (tensor parallel); every GPU costs, all are in one node."
    )
    attention: Attention | None = Field(
        default=None,
        description="Shape of the attention; without it the KV cache is assumed as large as multi-head attention's.",
    )
    placement: Placement = Field(default=Placement(), description="Where the replicas run.")
