from services.gateway.breaker.policy import AdaptivePolicy, FixedPolicy
from services.gateway.config import AdaptiveBreaker, FixedBreaker


def test_fixed_trips_at_the_third_failure_in_a_row_for_five_minutes() -> None:
    policy = FixedPolicy(FixedBreaker())

    assert [policy.failed(0), policy.failed(0)] == [False, False]
    policy.succeeded(0)
    assert [policy.failed(0), policy.failed(0), policy.failed(0)] == [False, False, True]
    assert policy.ejected(0) == 300


def test_adaptive_trips_at_three_in_a_row() -> None:
    policy = AdaptivePolicy(AdaptiveBreaker())

    assert [policy.failed(0), policy.failed(0), policy.failed(0)] == [False, False, True]


def test_adaptive_trips_on_a_bad_share_that_never_makes_three_in_a_row() -> None:
    policy = AdaptivePolicy(AdaptiveBreaker(minimum_requests=20, success_rate=0.5))
    trips = []
    for _ in range(10):
        trips += [policy.failed(0), policy.failed(0)]
        policy.succeeded(0)

    assert True in trips
    assert not any(trips[:13])


def test_adaptive_forgets_what_is_older_than_its_window() -> None:
    policy = AdaptivePolicy(AdaptiveBreaker(minimum_requests=4, window_seconds=10))
    policy.failed(0)
    policy.failed(0)
    policy.succeeded(0)

    assert not policy.failed(20)


def test_ejections_double_up_to_the_longest_and_begin_anew_after_a_good_while() -> None:
    policy = AdaptivePolicy(AdaptiveBreaker())

    times = [policy.ejected(0) for _ in range(7)]
    policy.revived(1000)
    soon = policy.ejected(1010)
    policy.revived(2000)
    late = policy.ejected(2301)

    assert times == [10, 20, 40, 80, 160, 300, 300]
    assert soon == 300
    assert late == 10
