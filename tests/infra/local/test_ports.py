from infra.local.parts.ray import head_ports
from infra.local.ports import BLOCK_SIZE, PortBlock


def _all_ports(block: PortBlock) -> list[int]:
    ports = head_ports(block)
    ray = [getattr(ports, name) for name in ports.__slots__ if name not in {"first_worker", "last_worker"}]
    gateways = [
        port(colour, index)
        for port in (block.gateway, block.gateway_internal)
        for colour in (0, 1)
        for index in range(10)
    ]
    workers = range(ports.first_worker, ports.last_worker + 1)
    return [block.cache, block.state, block.ollama, *gateways, *ray, *workers]


def test_no_two_parts_of_a_stack_share_a_port() -> None:
    ports = _all_ports(PortBlock(8080, 18000))

    assert len(ports) == len(set(ports))


def test_every_port_lies_in_the_stacks_block() -> None:
    assert set(_all_ports(PortBlock(8080, 18000))) <= set(range(18000, 18000 + BLOCK_SIZE))
