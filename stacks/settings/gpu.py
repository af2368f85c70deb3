from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, unique


@unique
class Gpu(StrEnum):
    """The GPU models that pools are made of; "A10" on AWS is the A10G."""

    T4 = "T4"
    A10G = "A10G"


@dataclass(frozen=True)
class GpuSpecification:
    """What one GPU model can do.

    Attributes:
        memory_bytes: what the driver reports as usable (``nvidia-smi``, ECC on), below the nominal 16 or 24 GB.
        has_bfloat16: compute capability 8.0 or newer.
        family: the AWS instance family that carries it.
        gpus_of: instance size to the number of GPUs in it.
    """

    memory_bytes: int
    has_bfloat16: bool
    family: str
    gpus_of: Mapping[str, int]

    @property
    def instance_types(self) -> tuple[str, ...]:
        """Every instance type that carries this GPU."""
        return tuple(f"{self.family}.{size}" for size in self.gpus_of)


_MIB = 2**20

SPECIFICATIONS: Mapping[Gpu, GpuSpecification] = {
    Gpu.T4: GpuSpecification(
        memory_bytes=15_360 * _MIB,
        has_bfloat16=False,
        family="g4dn",
        gpus_of={"xlarge": 1, "2xlarge": 1, "4xlarge": 1, "8xlarge": 1, "16xlarge": 1, "12xlarge": 4, "metal": 8},
    ),
    Gpu.A10G: GpuSpecification(
        memory_bytes=23_028 * _MIB,
        has_bfloat16=True,
        family="g5",
        gpus_of={
            "xlarge": 1,
            "2xlarge": 1,
            "4xlarge": 1,
            "8xlarge": 1,
            "16xlarge": 1,
            "12xlarge": 4,
            "24xlarge": 4,
            "48xlarge": 8,
        },
    ),
}
