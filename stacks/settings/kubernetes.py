from typing import Annotated

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.section import Section

Namespace = Annotated[
    str,
    Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"),
    Form("a namespace of up to 63 lower-case letters, digits and hyphens"),
]


class Kubernetes(Section):
    """An existing cluster; read only with the target kubernetes."""

    context: str | None = Field(
        default=None,
        min_length=1,
        max_length=253,
        description="Context of the kubeconfig; named explicitly, so that no other cluster is changed by accident.",
    )
    kubeconfig: str | None = Field(
        default=None,
        min_length=1,
        max_length=4096,
        description="Path of the kubeconfig; none means $KUBECONFIG or ~/.kube/config.",
    )
    namespace: Namespace = Field(default="forebay", description="Namespace that everything is put into.")
