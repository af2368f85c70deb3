import subprocess
import sys

import pytest

from services.serving.config.head import HEAD_PORTS, HeadPorts, HeadSettings, head_command, head_environment


def settings(first: int = 18100) -> HeadSettings:
    return HeadSettings(HeadPorts.block(first), "/tmp/fb", "/tmp/fb.token")


def test_every_port_is_named_once_and_lies_in_the_block() -> None:
    named = [
        int(word.partition("=")[2])
        for word in head_command(settings())
        if "port=" in word and not word.startswith("--max-worker")
    ]
    assert len(named) == len(set(named)) == 10
    assert all(18100 <= port < 18100 + HEAD_PORTS for port in named)


def test_two_stacks_share_no_port() -> None:
    one, other = HeadPorts.block(18100), HeadPorts.block(18100 + HEAD_PORTS)
    assert one.last_worker < other.gcs


def test_the_address_given_is_loopback_and_the_token_itself_is_nowhere() -> None:
    command, environment = head_command(settings()), head_environment(settings())
    assert "--node-ip-address=127.0.0.1" in command
    assert "--dashboard-host=127.0.0.1" in command
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_AUTH_TOKEN_PATH"] == "/tmp/fb.token"
    assert "RAY_AUTH_TOKEN" not in environment


@pytest.mark.parametrize("first", [1000, 65_500])
def test_a_block_outside_the_range_is_refused(first: int) -> None:
    with pytest.raises(ValueError, match="it must be 1024 to 65535"):
        HeadPorts.block(first)


@pytest.mark.parametrize("folder", ["relative", "/" + "x" * 40])
def test_a_folder_that_sockets_cannot_live_in_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match="must be absolute and at most 36 bytes"):
        HeadSettings(HeadPorts.block(18100), folder, "/tmp/token")


def test_the_configuration_package_does_not_import_ray() -> None:
    program = (
        "import sys, services.serving.config.head, services.serving.config.render, services.serving.deploy;"
        "sys.exit(any(name.split('.')[0] in {'ray', 'starlette', 'numpy'} for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0
