from __future__ import annotations

import pytest
from msgspec.structs import replace

from loadtests.instruments.checker import AmplificationLimit, Expectations, Invariant, check, joined, windows
from loadtests.instruments.history import Fail, Invoke, Observation, Ok, Record, Unknown, UpstreamCall

PROVIDERS = frozenset({"remote_gpu"})
STRICT = Expectations(answered_by=PROVIDERS)
SEEN = Observation(
    status=200, provider="remote_gpu", finish_reason="stop", done_markers=1, ended_cleanly=True, nonces=("nonce-1",)
)
INVOKE = Invoke(operation="1", nonce="nonce-1", time=10.0, intended_time=10.0, deadline_seconds=5, stream=True)
OK = Ok(operation="1", time=11.0, seen=SEEN)
CALL = UpstreamCall(upstream="ray", nonce="nonce-1", time=10.1)
OTHER = replace(INVOKE, operation="2", nonce="nonce-2")


def found(*records: Record, expectations: Expectations = STRICT) -> list[tuple[str, str]]:
    return [(violation.invariant.value, violation.operation) for violation in check(records, expectations)]


def only(seen: Observation, *, invariant: Invariant) -> list[str]:
    violations = check((INVOKE, replace(OK, seen=seen)), STRICT)
    return [violation.sentence for violation in violations if violation.invariant is invariant]


def test_a_clean_history_has_no_violation() -> None:
    unary = Ok(operation="2", time=12.0, seen=replace(SEEN, done_markers=0, nonces=("nonce-2",)))
    assert found(INVOKE, CALL, replace(OTHER, stream=False), OK, unary) == []


@pytest.mark.parametrize(
    "records",
    [
        (INVOKE,),
        (INVOKE, OK, OK),
        (INVOKE, INVOKE, OK),
        (INVOKE, OK, Unknown(operation="1", time=11.0, reason="broken")),
        (INVOKE, replace(OK, time=16.01)),
    ],
    ids=["no outcome", "two outcomes", "invoked twice", "two kinds", "late"],
)
def test_i1_catches_what_has_not_exactly_one_outcome_in_time(records: tuple[Record, ...]) -> None:
    assert ("I1", "1") in found(*records, expectations=Expectations())


def test_i1_allows_a_second_beyond_the_deadline() -> None:
    assert found(INVOKE, replace(OK, time=16.0)) == []


def test_i1_catches_an_outcome_without_invocation() -> None:
    assert found(INVOKE, OK, Fail(operation="9", time=1.0, code="x")) == [("I1", "9")]


def test_i2_catches_foreign_bytes_and_names_their_owner() -> None:
    mixed = replace(OK, seen=replace(SEEN, nonces=("nonce-1", "nonce-2")))
    other = Ok(operation="2", time=11.0, seen=replace(SEEN, nonces=("nonce-2",)))
    (violation,) = check((INVOKE, OTHER, mixed, other), STRICT)
    assert (violation.invariant, violation.operation) == (Invariant.ISOLATION, "1")
    assert "nonce-2" in violation.sentence
    assert "belongs to 2" in violation.sentence


def test_i2_looks_into_failed_and_unknown_operations_too() -> None:
    foreign = replace(SEEN, nonces=("nonce-7",))
    for outcome in (
        Fail(operation="1", time=11.0, code="cut", seen=foreign),
        Unknown(operation="1", time=11.0, reason="broken", seen=foreign),
    ):
        assert ("I2", "1") in found(INVOKE, outcome, expectations=Expectations())


def test_i4_catches_more_than_six_calls_of_one_request() -> None:
    lenient = Expectations(amplification=AmplificationLimit(ratio=10))
    assert found(INVOKE, OK, *[CALL] * 6, expectations=lenient) == []
    assert found(INVOKE, OK, *[CALL] * 7, expectations=lenient) == [("I4", "1")]


def test_i4_catches_a_window_with_too_many_calls() -> None:
    records: list[Record] = []
    for number in range(20):
        nonce = f"nonce-{number:x}"
        records += [
            replace(INVOKE, operation=str(number), nonce=nonce, stream=False),
            *[replace(CALL, nonce=nonce)] * 3,
        ]
        records.append(Ok(operation=str(number), time=11.0, seen=replace(SEEN, done_markers=0, nonces=(nonce,))))
    assert found(*records) == [("I4", "")]
    assert found(*records, expectations=Expectations(amplification=AmplificationLimit(ratio=3))) == []
    assert found(*records, expectations=Expectations(amplification=None)) == []


def test_windows_are_ten_seconds_and_leave_refused_requests_out() -> None:
    late = replace(OTHER, time=20.5)
    refused = replace(INVOKE, operation="3", nonce="nonce-3")
    run = joined(
        (
            INVOKE,
            late,
            refused,
            CALL,
            CALL,
            replace(CALL, nonce="nonce-2", time=30.6),
            Fail(operation="3", time=10.1, code="rate_limited", seen=Observation(status=429)),
        )
    )
    assert [(window.requests, window.calls) for window in windows(run)] == [(1, 2), (1, 1)]


@pytest.mark.parametrize(
    ("seen", "part"),
    [
        (replace(SEEN, finish_reason=None, ended_cleanly=False), "without a finish reason"),
        (replace(SEEN, done_markers=2), "2 times"),
        (replace(SEEN, done_markers=0), "no \\[DONE\\]"),
        (replace(SEEN, error_events=1), "error event and the finish reason"),
        (replace(SEEN, error_events=2, finish_reason=None, done_markers=0), "2 error events"),
        (replace(SEEN, content_after_end=1), "after its end"),
        (replace(SEEN, repeated_marks=1), "repeated 1"),
        (replace(SEEN, finish_reason=None, done_markers=0), "ended cleanly with neither"),
    ],
)
def test_i7_catches_each_wrong_end_of_a_stream(seen: Observation, part: str) -> None:
    (sentence,) = only(seen, invariant=Invariant.STREAM_END)
    assert part.replace("\\", "") in sentence


def test_i7_is_silent_about_a_stream_that_ended_with_one_error_event() -> None:
    seen = replace(SEEN, finish_reason=None, done_markers=0, error_events=1)
    assert found(INVOKE, Fail(operation="1", time=11.0, code="cut", seen=seen), expectations=Expectations()) == []


def test_i7_is_silent_about_a_connection_that_broke() -> None:
    seen = replace(SEEN, finish_reason=None, done_markers=0, ended_cleanly=False)
    broken = Unknown(operation="1", time=11.0, reason="broken", seen=seen)
    assert found(INVOKE, broken, expectations=Expectations()) == []


def test_i9_catches_a_paid_call_and_a_paid_answer() -> None:
    paid = replace(CALL, upstream="openai", paid=True)
    by_paid = replace(OK, seen=replace(SEEN, provider="anthropic"))
    assert found(INVOKE, paid, OK) == [("I9", "1")]
    assert found(INVOKE, by_paid, expectations=Expectations()) == [("I9", "1")]
    assert found(INVOKE, paid, by_paid, expectations=Expectations(paid_allowed=True)) == []


@pytest.mark.parametrize(
    ("outcome", "part"),
    [
        (Fail(operation="1", time=11.0, code="http_503", message="no"), "failed with http_503"),
        (Unknown(operation="1", time=11.0, reason="broken"), "unknown (broken)"),
        (replace(OK, seen=replace(SEEN, provider="ollama_local")), "answered by ollama_local"),
        (replace(OK, seen=replace(SEEN, provider="")), "an unnamed provider"),
        (replace(OK, seen=replace(SEEN, degraded=True)), "degraded"),
        (replace(OK, seen=replace(SEEN, nonces=())), "does not echo nonce-1"),
        (replace(OK, seen=replace(SEEN, finish_reason=None)), "no finish reason"),
        (replace(OK, seen=replace(SEEN, status=301)), "301"),
    ],
)
def test_answered_catches_each_way_of_not_being_answered(outcome: Ok | Fail | Unknown, part: str) -> None:
    sentences = [
        violation.sentence
        for violation in check((INVOKE, outcome), STRICT)
        if violation.invariant is Invariant.ANSWERED
    ]
    assert len(sentences) == 1
    assert part in sentences[0]


def test_answered_needs_no_echo_from_a_model_that_has_none() -> None:
    seen = replace(OK, seen=replace(SEEN, nonces=()))
    assert found(INVOKE, seen, expectations=Expectations(answered_by=PROVIDERS, echoes=False)) == []
