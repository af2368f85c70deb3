from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness
from infra.local.ports import PortBlock
from infra.local.resources import Process
from infra.naming import component_token
from services.serving.config.head import HeadPorts, HeadSettings, head_command, head_environment

NAME = "ray"
TOKEN = "ray-token"  # noqa: S105 - a file's name
"""The secret that the head, its workers and whoever deploys share."""

_STOP_SECONDS = 15


@dataclass(frozen=True, slots=True)
class RayArgs:
    """A Ray head on loopback.

    Attributes:
        cpus: What Ray may hand out to replicas; a number for its accounts, no limit on anything.
        object_store_bytes: Size of its shared memory.
    """

    folder: StackFolder
    ports: PortBlock
    cpus: int
    object_store_bytes: int


class RayHead(pulumi.ComponentResource):
    """A Ray head with token authentication and Serve's own proxy."""

    def __init__(self, name: str, args: RayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "RayHead"), name, None, opts)
        self.process = Process(NAME, ray_process(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def head_ports(ports: PortBlock) -> HeadPorts:
    """Where the head and Serve listen."""
    return HeadPorts.block(ports.ray)


def dashboard(ports: PortBlock) -> str:
    """Where the Serve configuration is put: host and port."""
    return f"127.0.0.1:{head_ports(ports).dashboard}"


def ray_process(args: RayArgs) -> ProcessInputs:
    """The head's process; ready when its dashboard listens, which takes Serve's configuration."""
    ports = head_ports(args.ports)
    session = args.folder.run / "ray"
    settings = HeadSettings(
        ports=ports,
        temp_dir=str(session),
        token_path=str(args.folder.secrets / TOKEN),
        num_cpus=args.cpus,
        object_store_bytes=args.object_store_bytes,
    )
    return ProcessInputs(
        name=NAME,
        command=tuple(head_command(settings)),
        environment=head_environment(settings),
        readiness=Readiness(port=ports.dashboard, timeout_seconds=120),
        ports=(ports.gcs, ports.dashboard, ports.serve_http),
        owned=(str(session),),
        stop_seconds=_STOP_SECONDS,
    )
