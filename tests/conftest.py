import itertools
import os
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pytest

from infra.local.port_owner import is_free
from tests.measurement import PROPERTY, of_report, write_proof

_SEED = 20_261_121


_FIRST_PORT = 20_000
_PORTS_A_WORKER = 1_000


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A loopback port that nobody has; each call gives another one.

    Test processes side by side have ranges of their own, below those from which the kernel gives ports to anyone.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = _FIRST_PORT + worker * _PORTS_A_WORKER
    ports = itertools.cycle(range(first, first + _PORTS_A_WORKER))
    return lambda: next(port for port in ports if is_free(port))


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
