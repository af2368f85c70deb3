from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def install(
    *,
    shell: Annotated[
        Literal["bash", "zsh", "fish", "powershell"] | None, Parameter(help="Which shell; by default the current one.")
    ] = None,
    output: Annotated[
        Path | None, Parameter(name=["--output", "-o"], help="Where the script goes, if not where the shell looks.")
    ] = None,
) -> int:
    """Install shell completion of `forebay`; a new shell knows it."""
    from cyclopts.completion.install import create_install_completion_command  # noqa: PLC0415 - a tenth of a second

    from forebay.cli.app import build_app  # noqa: PLC0415 - this is one of its commands

    create_install_completion_command(build_app().install_completion, True)(shell=shell, output=output)
    return 0
