import os
import random
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

_SEED = 20_261_121


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A loopback port that nobody has; each call gives another one."""
    given: set[int] = set()

    def take() -> int:
        while True:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                port = int(probe.getsockname()[1])
            if port not in given:
                given.add(port)
                return port

    return take


@pytest.fixture(scope="session")
def project() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parents[1]


Sample = Callable[[Sequence[int], int], list[int]]


@pytest.fixture(scope="session")
def sample() -> Sample:
    """Picks so many of the cases of a long suite, by seed; all of them under `make prove`."""

    def pick(cases: Sequence[int], count: int) -> list[int]:
        if os.environ.get("FOREBAY_PROVE") == "1":
            return list(cases)
        return sorted(random.Random(_SEED).sample(list(cases), min(count, len(cases))))

    return pick


@pytest.fixture
def no_leftovers() -> Iterator[None]:
    """Fails the test if it leaves a child process behind."""
    import psutil

    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    left = [child for child in psutil.Process().children(recursive=True) if child.pid not in before]
    assert left == []
