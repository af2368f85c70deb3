from collections.abc import Mapping

from pydantic import Field

from stacks.settings.application import Application
from stacks.settings.names import Name
from stacks.settings.quantity import Size
from stacks.settings.section import Section

_MIB = 2**20


class Serving(Section):
    """Ray Serve and its applications; with none of them, `remote_gpu` is not in the chain."""

    applications: Mapping[Name, Application] = Field(
        default={}, max_length=50, description="Applications by name; each answers under /<name> of Ray Serve."
    )
    ha_proxy: bool = Field(
        default=False,
        description="Ray Serve's own HAProxy mode: faster, but opens ports on every interface; never on this machine.",
    )
    object_store: Size = Field(
        default=100 * _MIB,
        ge=80 * _MIB,
        le=200 * 1024 * _MIB,
        description="Shared memory of Ray's object store, from 80MiB; counts as used memory once touched.",
    )
    scale_to_zero_hold: int = Field(
        default=100,
        ge=0,
        le=10_000,
        description="Requests that the gateway holds while replicas start from zero; further ones get 503.",
    )
