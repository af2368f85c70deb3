from dataclasses import replace

import pytest

from services.serving.simulator.batch import (
    ContinuousBatch,
    EngineLimits,
    QueueFullError,
    Sequence,
    State,
    TooLongError,
)

LIMITS = EngineLimits(
    kv_tokens=100,
    max_batch=4,
    max_waiting=2,
    context_tokens=100,
    prefill_tokens_per_second=1_000.0,
    prefill_tokens_per_step=50,
    step_seconds=0.010,
    step_seconds_per_sequence=0.001,
)


def advance(batch: ContinuousBatch) -> float:
    step = batch.step()
    batch.credit(step)
    return step.seconds


def run_to_end(batch: ContinuousBatch) -> float:
    seconds = 0.0
    while not batch.is_idle:
        seconds += advance(batch)
    return seconds


def submit_many(batch: ContinuousBatch, count: int, prompt: int = 10, answer: int = 10) -> list[Sequence]:
    return [batch.submit(prompt, answer) for _ in range(count)]


def test_a_request_alone_takes_its_prompt_and_one_step_a_token() -> None:
    batch = ContinuousBatch(LIMITS)
    batch.submit(prompt_tokens=10, max_tokens=5)
    assert run_to_end(batch) == pytest.approx(10 / 1_000 + 5 * (0.010 + 0.001))


def test_latency_grows_with_the_batch_while_throughput_rises() -> None:
    alone, together = ContinuousBatch(LIMITS), ContinuousBatch(LIMITS)
    submit_many(alone, 1)
    submit_many(together, 2)
    one, two = run_to_end(alone), run_to_end(together)
    assert one < two < 2 * one


def test_requests_wait_while_the_cache_is_full_and_start_in_order_of_arrival() -> None:
    batch = ContinuousBatch(LIMITS)
    big = batch.submit(30, 40)
    waiting = batch.submit(30, 40)
    small = batch.submit(5, 5)
    advance(batch)
    assert (big.state, waiting.state, small.state) == (State.RUNNING, State.WAITING, State.WAITING)
    while big.state is State.RUNNING:
        advance(batch)
        assert batch.kv_used <= LIMITS.kv_tokens
    assert waiting.state is State.RUNNING
    assert small.state is State.RUNNING


def test_no_more_run_together_than_the_batch_holds() -> None:
    batch = ContinuousBatch(replace(LIMITS, max_waiting=10))
    submit_many(batch, 6, prompt=2, answer=2)
    advance(batch)
    assert (len(batch.running), len(batch.waiting)) == (4, 2)


def test_a_long_prompt_is_read_over_several_steps_and_holds_others_up() -> None:
    batch = ContinuousBatch(replace(LIMITS, kv_tokens=200))
    long = batch.submit(60, 5)
    short = batch.submit(5, 5)
    first = advance(batch)
    assert first == pytest.approx(0.010 + 50 / 1_000)
    assert (long.emitted, short.emitted) == (0, 0)
    advance(batch)
    assert (long.emitted, short.emitted) == (1, 1)


def test_a_cancelled_request_makes_room_at_the_next_step() -> None:
    batch = ContinuousBatch(LIMITS)
    first = batch.submit(40, 50)
    second = batch.submit(40, 50)
    step = batch.step()
    batch.cancel(first)
    assert second in batch.waiting
    batch.credit(step)
    assert second in batch.running
    assert batch.kv_used == second.reserved


def test_a_step_gives_nothing_to_what_was_cancelled_meanwhile() -> None:
    batch = ContinuousBatch(LIMITS)
    sequence = batch.submit(5, 5)
    step = batch.step()
    batch.cancel(sequence)
    batch.credit(step)
    assert (sequence.emitted, batch.is_idle) == (0, True)


def test_a_cancelled_request_that_waits_leaves_the_queue_at_once() -> None:
    batch = ContinuousBatch(LIMITS)
    submit_many(batch, 3, prompt=50, answer=50)
    batch.cancel(batch.waiting[0])
    assert len(batch.waiting) == 1


def test_cancelling_after_the_end_changes_nothing() -> None:
    batch = ContinuousBatch(LIMITS)
    sequence = batch.submit(1, 1)
    run_to_end(batch)
    batch.cancel(sequence)
    assert sequence.state is State.FINISHED


def test_one_request_more_than_may_wait_is_refused() -> None:
    batch = ContinuousBatch(LIMITS)
    batch.submit(50, 50)
    submit_many(batch, 2)
    with pytest.raises(QueueFullError, match="2 requests are waiting"):
        batch.submit(1, 1)


def test_an_engine_without_a_queue_still_takes_what_can_start_at_once() -> None:
    batch = ContinuousBatch(replace(LIMITS, max_waiting=0))
    batch.submit(50, 50)
    run_to_end(batch)
    batch.submit(50, 50)
    with pytest.raises(QueueFullError):
        batch.submit(1, 1)


def test_a_request_longer_than_the_context_is_refused() -> None:
    with pytest.raises(TooLongError, match="101 tokens; the context is 100"):
        ContinuousBatch(LIMITS).submit(51, 50)


def test_a_burst_that_fits_is_taken_even_between_two_steps() -> None:
    batch = ContinuousBatch(replace(LIMITS, max_waiting=0))
    submit_many(batch, 4)
    assert len(batch.running) == 4
