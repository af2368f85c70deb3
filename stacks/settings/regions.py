from typing import Annotated

from pydantic import Field

from stacks.settings.form import Form
from stacks.settings.section import Section

RegionName = Annotated[
    str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$"), Form("the name of an AWS region, such as eu-central-1")
]
Zone = Annotated[
    str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9][a-z]$"), Form("an availability zone, such as eu-central-1a")
]
Domain = Annotated[
    str, Field(pattern=r"^([a-z0-9-]{1,63}\.)+[a-z]{2,63}$"), Form("a DNS name, such as llm.example.org")
]


class Region(Section):
    """An AWS region and the zones that are used in it."""

    name: RegionName = Field(description="Region, such as eu-central-1; changing it rebuilds the stack elsewhere.")
    zones: tuple[Zone, ...] = Field(
        min_length=1, max_length=6, description="Availability zones; two or more survive the loss of one."
    )


class Regions(Section):
    """Where on AWS the stack stands; not used by other targets."""

    primary: Region = Field(
        default=Region(name="eu-central-1", zones=("eu-central-1a", "eu-central-1b")), description="The region in use."
    )
    secondary: Region | None = Field(
        default=None, description="Region that takes over by DNS when the primary fails; costs a second stack."
    )
    domain: Domain | None = Field(default=None, description="DNS name of the stack; needed for TLS and for failover.")
