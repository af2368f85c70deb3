import pytest

from services.serving.loopback import confined


@pytest.mark.parametrize(
    ("asked", "opened"),
    [
        ("[::]:0", "127.0.0.1:0"),
        ("0.0.0.0:9000", "127.0.0.1:9000"),
        ("127.0.0.1:7", "127.0.0.1:7"),
        ("unix:/tmp/s", "unix:/tmp/s"),
    ],
)
def test_wildcard_addresses_become_the_one_allowed(asked: str, opened: str) -> None:
    seen: list[str] = []

    def add_port(server: object, address: str) -> int:
        seen.append(address)
        return 1234

    assert confined(add_port, "127.0.0.1")(object(), asked) == 1234
    assert seen == [opened]
