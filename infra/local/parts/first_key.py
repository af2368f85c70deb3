import sys
from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import TaskInputs
from infra.local.parts import gateway, valkey
from infra.local.ports import PortBlock
from infra.local.resources import Task
from infra.naming import component_token

NAME = "first-key"


@dataclass(frozen=True, slots=True)
class FirstKeyArgs:
    """The key that the printed `curl` line reads."""

    folder: StackFolder
    ports: PortBlock


class FirstKey(pulumi.ComponentResource):
    """An API key of role `user` in a file of its own; the state store has its digest, the engine's state nothing."""

    def __init__(self, name: str, args: FirstKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "FirstKey"), name, None, opts)
        self.task = Task(NAME, first_key_task(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def first_key_task(args: FirstKeyArgs) -> TaskInputs:
    """Issuing the key, looking whether store and file still agree, and revoking it."""
    options = (
        f"--file={args.folder.secrets / NAME}",
        f"--store=redis://127.0.0.1:{args.ports.state}/0",
        f"--password-file={args.folder.secrets / valkey.PASSWORD}",
        f"--pepper-file={args.folder.secrets / gateway.PEPPER}",
    )
    program = (sys.executable, "-m", "services.gateway.keys")
    return TaskInputs(
        name=NAME,
        apply=(*program, "ensure", *options),
        check=(*program, "check", *options),
        remove=(*program, "remove", *options),
    )
