from typing import Annotated, Literal

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.names import Name
from stacks.settings.section import Section

CPU = "cpu"
Effect = Literal["NoSchedule", "PreferNoSchedule", "NoExecute"]
LabelKey = Annotated[
    str,
    Field(pattern=r"^([a-z0-9.-]{1,253}/)?[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?$"),
    Form("a Kubernetes label key, such as nvidia.com/gpu"),
]
LabelValue = Annotated[
    str,
    Field(pattern=r"^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$"),
    Form("a Kubernetes label value of up to 63 letters, digits and - _ ."),
]


class Taint(Section):
    """A mark on nodes that keeps away every pod that does not tolerate it."""

    key: LabelKey = Field(description="The taint's key; nvidia.com/gpu is what GPU device plugins tolerate.")
    value: LabelValue = Field(default="", description="The taint's value; empty is allowed.")
    effect: Effect = Field(
        default="NoSchedule",
        description="NoSchedule keeps new pods away, NoExecute also evicts running ones, PreferNoSchedule only asks.",
    )


class Toleration(Section):
    """What lets a pod onto tainted nodes."""

    key: LabelKey = Field(description="The key of the taint that is tolerated.")
    operator: Literal["Exists", "Equal"] = Field(
        default="Exists", description="Exists tolerates the key with any value, Equal only with `value`."
    )
    value: LabelValue = Field(default="", description="The taint's value; read only with the operator Equal.")
    effect: Effect | None = Field(default=None, description="The effect that is tolerated; none means every effect.")

    def tolerates(self, taint: Taint) -> bool:
        """Whether a pod with this toleration is let onto nodes with ``taint``."""
        same_value = self.operator == "Exists" or self.value == taint.value
        return self.key == taint.key and same_value and self.effect in {None, taint.effect}


class Placement(Section):
    """Where a model's replicas run."""

    pool: Name = Field(
        default=CPU,
        description="A name in `pools`, or `cpu` for the general nodes: no GPU cost, but slow for large models.",
    )
    tolerations: tuple[Toleration, ...] = Field(
        default=(), description="Tolerations of the model's pods; each taint of the pool that repels pods needs one."
    )

    @property
    def is_on_gpu(self) -> bool:
        """Whether the model needs a GPU pool."""
        return self.pool != CPU
