from hypothesis import given
from hypothesis import strategies as st

from services.gateway.breaker.window import BUCKETS, Window


def test_results_count_until_the_window_has_passed() -> None:
    window = Window(10)
    window.record(100.0, good=False)

    assert window.bad(108.9) == 1
    assert window.bad(110.0) == 0


def test_a_long_silence_clears_everything() -> None:
    window = Window(10)
    for second in range(10):
        window.record(100.0 + second, good=True)

    assert window.good(10_000.0) == 0


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=60))
def test_counts_are_exact_over_whole_buckets(results: list[tuple[float, bool]]) -> None:
    window, now, seen = Window(10), 0.0, list[tuple[int, bool]]()
    for step, good in results:
        now += step
        window.record(now, good=good)
        seen.append((int(now), good))

    recent = [good for second, good in seen if second > int(now) - BUCKETS]
    assert (window.good(now), window.bad(now)) == (recent.count(True), recent.count(False))
