from pathlib import Path

import pulumi

from infra.local.inputs import Inputs, ProcessInputs, SecretInputs, SupervisorInputs, TaskInputs
from infra.naming import LocalKind, local_token


class LocalProviderResource(pulumi.ProviderResource):
    """The provider of one stack's local resources."""

    def __init__(self, name: str, folder: Path, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("forebay", name, {"stackFolder": str(folder)}, opts)


class LocalResource(pulumi.CustomResource):
    """A resource of the provider `forebay`; its inputs are known before the engine starts, so outputs are none."""

    def __init__(self, kind: LocalKind, name: str, inputs: Inputs, opts: pulumi.ResourceOptions | None = None) -> None:
        properties = inputs.model_dump(mode="json", exclude_none=True)
        super().__init__(local_token(kind), name, properties, opts)


class Supervisor(LocalResource):
    """The daemon that keeps the stack's processes."""

    def __init__(self, name: str, inputs: SupervisorInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Supervisor", name, inputs, opts)


class Secret(LocalResource):
    """A random secret in a file."""

    def __init__(self, name: str, inputs: SecretInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Secret", name, inputs, opts)


class Process(LocalResource):
    """A process kept by the stack's supervisor."""

    def __init__(self, name: str, inputs: ProcessInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Process", name, inputs, opts)


class Task(LocalResource):
    """A thing that three commands make, look at and take away."""

    def __init__(self, name: str, inputs: TaskInputs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("Task", name, inputs, opts)
