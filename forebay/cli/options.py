"""What the commands' parameters have in common."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from forebay.cli.around import Around

TargetName = Literal["local", "aws", "kubernetes"]

StackName = Annotated[str, Parameter(help="The stack: the NAME in stacks/Pulumi.NAME.yaml.")]

TargetOption = Annotated[
    TargetName | None,
    Parameter(help="Build somewhere else than the settings say; `local` rehearses any stack on this machine."),
]


@dataclass(frozen=True, slots=True)
class Common:
    """The options of every command."""

    json: Annotated[bool, Parameter(negative="", show_default=False, help="Print one JSON object instead of text.")] = (
        False
    )
    project: Annotated[
        Path | None,
        Parameter(help="The folder with stacks/ and .forebay/; without it FOREBAY_PROJECT, or else this checkout."),
    ] = None


CommonOptions = Annotated[Common, Parameter(name="*")]

NO_OPTIONS = Common()

Injected = Annotated[Around, Parameter(parse=False)]
"""Handed in by `forebay.cli.app.run`, not by the user."""
