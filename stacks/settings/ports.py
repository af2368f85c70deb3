from pydantic import Field

from infra.local.ports import BLOCK_SIZE
from stacks.settings.section import Section


class Ports(Section):
    """The ports that a stack takes on this machine, all on 127.0.0.1."""

    balancer: int = Field(ge=1024, le=65_535, description="Port that clients use.")
    block: int = Field(
        ge=1024,
        le=65_535 - BLOCK_SIZE + 1,
        description="First of 200 ports for everything else; blocks of stacks that run side by side must not overlap.",
    )

    @property
    def block_range(self) -> range:
        """The ports of the block."""
        return range(self.block, self.block + BLOCK_SIZE)
