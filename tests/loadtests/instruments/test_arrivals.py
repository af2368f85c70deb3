from __future__ import annotations

import itertools
from random import Random

import pytest

from loadtests.instruments.arrivals import arrival_times


def test_steady_arrivals_are_evenly_spaced() -> None:
    times = list(arrival_times("steady", rate=4, seconds=1.1, random=Random(1)))
    assert times == pytest.approx([0.25, 0.5, 0.75, 1.0])


def test_poisson_arrivals_have_the_rate_and_the_spread_of_a_poisson_process() -> None:
    times = list(arrival_times("poisson", rate=50, seconds=200, random=Random(1)))
    gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = (sum((gap - mean) ** 2 for gap in gaps) / len(gaps)) ** 0.5
    assert len(times) == pytest.approx(10_000, rel=0.05)
    assert spread == pytest.approx(mean, rel=0.05)


def test_the_same_seed_gives_the_same_schedule() -> None:
    first, second = (list(arrival_times("poisson", rate=9, seconds=9, random=Random(5))) for _ in range(2))
    assert first == second
