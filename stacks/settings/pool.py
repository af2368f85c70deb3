from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Annotated, Literal

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.gpu import SPECIFICATIONS, Gpu
from stacks.settings.names import Name
from stacks.settings.placement import LabelKey, LabelValue, Taint
from stacks.settings.quantity import Size
from stacks.settings.section import Section

_GIB = 2**30
InstanceType = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"), Form("an instance type, such as g4dn.xlarge")
]


@unique
class Capacity(StrEnum):
    """How nodes are bought."""

    SPOT = "spot"
    ON_DEMAND = "on-demand"


class GpuPool(Section):
    """A group of GPU nodes of one kind."""

    gpu: Gpu = Field(description="T4 (16 GB, g4dn, no bfloat16) or A10G (24 GB, g5; what AWS sells as A10).")
    instance_types: tuple[InstanceType, ...] = Field(
        min_length=1,
        description="Instance types that may be bought, best first; many types make spot capacity likelier.",
    )
    capacity: Capacity = Field(
        description="spot is 60 to 70 % cheaper and may be taken back at `spot.notice`; on-demand stays."
    )
    min_nodes: int = Field(ge=0, le=100, description="Nodes kept at all times; each costs money around the clock.")
    max_nodes: int = Field(ge=1, le=100, description="Most nodes that load may buy: the ceiling of the bill.")
    disk: Size = Field(
        default=100 * _GIB,
        ge=100 * _GIB,
        le=2048 * _GIB,
        description="Root disk of each node, 100GiB to 2TiB; CUDA images and weights do not fit in the default 20GiB.",
    )
    image: Literal["al2023", "bottlerocket"] = Field(
        default="al2023", description="Node image with NVIDIA drivers; bottlerocket starts faster and has no shell."
    )
    labels: Mapping[LabelKey, LabelValue] = Field(default={}, description="Extra Kubernetes labels of the nodes.")
    taints: tuple[Taint, ...] = Field(
        default=(), description="Taints that keep other pods off these costly nodes; models placed here must tolerate."
    )
    floor: Name | None = Field(
        default=None,
        description="Spot only: the on-demand pool that carries on when spot nodes are taken back.",
    )
    may_stop: bool = Field(
        default=False,
        description="Spot only: accept that service stops when spot nodes are taken back; refused in staging and prod.",
    )

    @property
    def gpus_per_node(self) -> int:
        """GPUs of the smallest listed instance type."""
        sizes = SPECIFICATIONS[self.gpu].gpus_of
        return min(sizes.get(name.partition(".")[2], 1) for name in self.instance_types)


class CpuPool(Section):
    """The general nodes: gateway, Ray head, stores, system pods and CPU models."""

    instance_types: tuple[InstanceType, ...] = Field(
        default=("m7i.xlarge", "m6i.xlarge"), min_length=1, description="Instance types that may be bought, best first."
    )
    min_nodes: int = Field(default=2, ge=1, le=100, description="On-demand nodes kept at all times.")
    max_nodes: int = Field(default=4, ge=1, le=100, description="Most general nodes that load may buy.")
    disk: Size = Field(
        default=100 * _GIB, ge=50 * _GIB, le=2048 * _GIB, description="Root disk of each node, 50GiB to 2TiB."
    )
