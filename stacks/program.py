"""The Pulumi program: one for every stack. `forebay up` calls it inline, the official command line runs `stacks/`."""

from collections.abc import Callable
from pathlib import Path

import pulumi

from infra.local.folder import StackFolder
from infra.local.machine import look_around
from infra.local.stack import LocalStack
from stacks.local import local_stack_args
from stacks.settings import StackSettings, Target, from_mapping


def main() -> None:
    """Declare the selected stack of this checkout."""
    program(Path(__file__).resolve().parents[1])()


def program(project: Path) -> Callable[[], None]:
    """The program of a project folder, which keeps its stacks in `.forebay`.

    It reads the configuration `forebay:settings` of the stack that is selected, and raises StackSettingsError, with
    nothing declared, if that is wrong.
    """

    def run() -> None:
        settings = from_mapping(pulumi.Config("forebay").require_object("settings"))
        declare(settings, pulumi.get_stack(), project)

    return run


def declare(settings: StackSettings, stack: str, project: Path) -> None:
    """Declare the resources of `settings` on their target.

    Raises:
        ValueError: If this version cannot build the target.
    """
    if settings.target is not Target.LOCAL:
        wanted = f"target {settings.target} cannot be built yet"
        raise ValueError(f"{wanted}; `forebay up {stack} --target local` rehearses it on this machine")
    folder = StackFolder(project / ".forebay" / stack)
    LocalStack(stack, local_stack_args(settings, folder, look_around(folder)))
    pulumi.export("url", f"http://127.0.0.1:{settings.ports.balancer}")
    pulumi.export("keyFile", str(folder.secrets / "first-key"))
    pulumi.export("target", str(settings.target))
