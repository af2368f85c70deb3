import os
import socket

from infra.local.port_owner import is_free, owner_of


def test_a_taken_port_is_named_with_its_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        owner = owner_of(port)

        assert owner is not None
        assert owner.pid == os.getpid()
        assert "python" in str(owner)
        assert not is_free(port)


def test_a_free_port_has_no_owner() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert is_free(port)
    assert owner_of(port) is None
