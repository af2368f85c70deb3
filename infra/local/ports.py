from dataclasses import dataclass

BLOCK_SIZE = 200
"""Ports of one stack's block, counted from its base; the balancer's own port lies outside."""

GATEWAYS_A_COLOUR = 10
"""Most gateways of one colour that a block has ports for."""


@dataclass(frozen=True, slots=True)
class PortBlock:
    """Every port of a local stack, so that two stacks never meet.

    Attributes:
        balancer: Where clients come in.
        base: First port of the stack's block.
    """

    balancer: int
    base: int

    @property
    def cache(self) -> int:
        return self.base

    @property
    def state(self) -> int:
        return self.base + 1

    @property
    def ollama(self) -> int:
        return self.base + 2

    def gateway(self, colour: int, index: int) -> int:
        """The public listener of a gateway; colour 0 is blue, 1 green."""
        return self.base + 10 + colour * GATEWAYS_A_COLOUR + index

    def gateway_internal(self, colour: int, index: int) -> int:
        """The listener for metrics and health of a gateway."""
        return self.base + 30 + colour * GATEWAYS_A_COLOUR + index

    @property
    def ray(self) -> int:
        """First of the hundred ports of the Ray head, its workers and Serve."""
        return self.base + 100
