from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from forebay.cli.request import Request
from forebay.errors import UsageError

if TYPE_CHECKING:
    from stacks.settings import StackSettings


@dataclass(frozen=True, slots=True)
class Wanted:
    """The settings that a command works with.

    Attributes:
        retargeted: The settings as a mapping where `--target` changed them; None where the stack file holds.
    """

    settings: "StackSettings"
    retargeted: Mapping[str, object] | None


def load_wanted(request: Request, file: Path) -> Wanted:
    """Read and check the stack's settings, for the target that is asked for.

    Raises:
        UsageError: Each thing that is wrong with them, a sentence a line.
    """
    from stacks.settings import StackSettingsError, load  # noqa: PLC0415 - commands without settings do not pay for it

    try:
        settings = load(file)
        if request.target is None or request.target == settings.target:
            return Wanted(settings, None)
        other = settings.with_target(request.target)
    except StackSettingsError as error:
        raise UsageError("\n".join(error.sentences)) from None
    return Wanted(other, other.model_dump(mode="json"))


def load_buildable(request: Request, file: Path) -> Wanted:
    """As `load_wanted`, for a command that builds.

    Raises:
        UsageError: Also if this version cannot build the target.
    """
    wanted = load_wanted(request, file)
    if wanted.settings.target != "local":
        raise UsageError(
            f"target {wanted.settings.target} of the stack {request.stack} cannot be built by this version; "
            f"`forebay {request.command} {request.stack} --target local` rehearses it on this machine"
        )
    return wanted
