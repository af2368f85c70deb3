import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, TaskInputs, digest
from infra.local.parts.ray import TOKEN, dashboard
from infra.local.ports import PortBlock
from infra.local.resources import Task
from infra.naming import component_token

NAME = "serve-applications"

_TIMEOUT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class ServeArgs:
    """What runs on the Ray head.

    Attributes:
        head: The Ray head; another one knows of no application.
        configuration: As `services.serving.config` renders it; Ray's own schema is asked before it is sent.
    """

    folder: StackFolder
    ports: PortBlock
    configuration: Mapping[str, object]
    head: ProcessInputs


class ServeApplications(pulumi.ComponentResource):
    """The applications on Ray Serve; a change is rolled out by Serve, replica by replica."""

    def __init__(self, name: str, args: ServeArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "ServeApplications"), name, None, opts)
        self.task = Task(NAME, serve_task(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def serve_task(args: ServeArgs) -> TaskInputs:
    """Sending the configuration to the head and waiting until every application runs."""
    token = str(args.folder.secrets / TOKEN)
    options = (f"--address={dashboard(args.ports)}", f"--token-file={token}")
    program = (sys.executable, "-m", "services.serving")
    return TaskInputs(
        name=NAME,
        apply=(*program, "apply", *options, f"--timeout={_TIMEOUT_SECONDS:g}"),
        check=(*program, "check", *options),
        remove=(*program, "remove", *options),
        triggers=(digest(args.head),),
        content=json.dumps(args.configuration, sort_keys=True),
        timeout_seconds=_TIMEOUT_SECONDS + 30,
    )
