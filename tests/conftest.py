import os
import random
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from tests.measurement import PROPERTY, of_report, write_proof

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


class Measure(Protocol):
    """Notes a figure, which is printed at the end of the run."""

    def __call__(self, name: str, value: float, unit: str, bound: float | None = None) -> None: ...


@pytest.fixture
def measure(record_property: Callable[[str, object], None]) -> Measure:
    """How a test says what it measured."""

    def note(name: str, value: float, unit: str, bound: float | None = None) -> None:
        record_property(PROPERTY, {"name": name, "value": value, "unit": unit, "bound": bound})

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.stats.get(outcome, [])]
    found = [one for report in reports for one in of_report(report.nodeid, report.user_properties)]
    if found:
        terminalreporter.section("measured")
        for one in found:
            terminalreporter.write_line(str(one))
        if os.environ.get("FOREBAY_PROVE") == "1":
            write_proof(terminalreporter.config.rootpath / "docs" / "proof", found)
