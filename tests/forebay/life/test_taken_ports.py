import re
import socket
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import pytest

from forebay.errors import PortTakenError
from forebay.life.place import Place
from forebay.life.taken_ports import require_free_ports
from infra.local.port_owner import PortOwner


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_a_taken_port_is_named_with_its_owner(tmp_path: Path, listener: int, free_port: Callable[[], int]) -> None:
    with pytest.raises(PortTakenError, match=rf"^port {listener} is taken by .*python.* \(pid \d+\): end that process"):
        require_free_ports(Place(tmp_path, "local"), (free_port(), listener))


def test_free_ports_are_no_trouble(tmp_path: Path, free_port: Callable[[], int]) -> None:
    require_free_ports(Place(tmp_path, "local"), (free_port(), free_port()))


def test_only_the_first_few_are_named(tmp_path: Path) -> None:
    def look(ports: Collection[int]) -> dict[int, PortOwner]:
        return {port: PortOwner(port, 7, "nginx") for port in ports}

    with pytest.raises(PortTakenError) as raised:
        require_free_ports(Place(tmp_path, "local"), range(100, 120), look)

    assert re.findall(r"port (\d+)", str(raised.value)) == ["100", "101", "102", "103", "104"]
    assert "and 15 more" in str(raised.value)


def test_a_stack_that_stands_is_not_looked_at(tmp_path: Path, listener: int) -> None:
    place = Place(tmp_path, "local")
    place.folder.run.mkdir(mode=0o700)
    try:
        with socket.socket(socket.AF_UNIX) as supervisor:
            supervisor.bind(str(place.folder.supervisor_socket))
            supervisor.listen()

            require_free_ports(place, (listener,))
    finally:
        place.folder.supervisor_socket.unlink()
        place.folder.run.rmdir()
