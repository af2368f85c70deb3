import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path

from forebay.doctor.listeners import listeners


def test_each_taken_port_has_its_process_and_command(free_port: Callable[[], int]) -> None:
    free = free_port()
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
        taken = {one.getsockname()[1], other.getsockname()[1]}

        found = listeners([free, *taken])

    assert set(found) == taken
    assert {owner.pid for owner in found.values()} == {os.getpid()}
    assert all(Path(sys.executable).name[:6] in owner.command for owner in found.values())


def test_free_ports_have_no_listeners(free_port: Callable[[], int]) -> None:
    assert listeners([free_port(), free_port()]) == {}
