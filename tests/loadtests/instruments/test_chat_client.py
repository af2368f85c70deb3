from __future__ import annotations

import asyncio

import pytest

from loadtests.instruments.chat_client import ChatClient, Target
from loadtests.instruments.clock import SystemClock
from loadtests.instruments.history import Fail, Invoke, Ok, Outcome, Unknown
from loadtests.instruments.scripted_upstream import (
    Cut,
    Garbage,
    InBandError,
    ScriptedUpstream,
    Stall,
    Step,
    always,
)

NONCE = "nonce-00112233445566ff"


async def outcome_of(upstream: ScriptedUpstream, step: Step, *, stream: bool, deadline: float = 10) -> Outcome:
    upstream.set_script(always(step))
    clock = SystemClock()
    now = clock.now()
    invoke = Invoke(
        operation="1", nonce=NONCE, time=now, intended_time=now, deadline_seconds=deadline, model="m", stream=stream
    )
    async with ChatClient(Target(upstream.url, "canary-key"), clock) as client:
        return await client.call(invoke, max_tokens=8)


async def test_a_streamed_answer_is_ok_with_all_that_was_seen(upstream: ScriptedUpstream) -> None:
    outcome = await outcome_of(upstream, Step(headers={"x-provider": "remote_gpu"}), stream=True)
    assert isinstance(outcome, Ok)
    seen = outcome.seen
    assert (seen.status, seen.provider, seen.finish_reason, seen.done_markers) == (200, "remote_gpu", "stop", 1)
    assert (seen.nonces, seen.repeated_marks, seen.ended_cleanly) == ((NONCE,), 0, True)
    assert seen.first_content_time is not None
    assert seen.first_content_time <= outcome.time


async def test_a_unary_answer_is_ok(upstream: ScriptedUpstream) -> None:
    outcome = await outcome_of(upstream, Step(), stream=False)
    assert isinstance(outcome, Ok)
    assert (outcome.seen.finish_reason, outcome.seen.nonces, outcome.seen.done_markers) == ("stop", (NONCE,), 0)


@pytest.mark.parametrize(
    ("step", "stream", "code"),
    [
        (Step(status=503), True, "503"),
        (Step(status=429), False, "429"),
        (Step(finish=False), True, "silent_end"),
        (Step(mishap=InBandError(after_chunks=1)), True, "server_error"),
        (Step(mishap=Garbage(after_chunks=1)), True, "garbage"),
        (Step(mishap=Cut(after_bytes=9, manner="end")), False, "garbage"),
    ],
)
async def test_what_the_client_knows_to_have_failed_is_a_failure(
    upstream: ScriptedUpstream,
    *,
    step: Step,
    stream: bool,
    code: str,
) -> None:
    outcome = await outcome_of(upstream, step, stream=stream)
    assert isinstance(outcome, Fail)
    assert outcome.code == code


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("manner", ["reset", "close"])
async def test_a_broken_connection_is_unknown(upstream: ScriptedUpstream, manner: str, stream: bool) -> None:  # noqa: FBT001 - a parameter of the table
    cut = Cut.model_validate({"after_bytes": 30, "manner": manner})
    outcome = await outcome_of(upstream, Step(mishap=cut), stream=stream)
    assert isinstance(outcome, Unknown)
    assert outcome.reason == "broken"
    assert not outcome.seen.ended_cleanly


async def test_the_deadline_ends_it_as_unknown_and_keeps_what_was_seen(upstream: ScriptedUpstream) -> None:
    outcome = await outcome_of(upstream, Step(mishap=Stall(after_chunks=2)), stream=True, deadline=0.3)
    assert isinstance(outcome, Unknown)
    assert (outcome.reason, outcome.seen.nonces) == ("timeout", (NONCE,))


async def test_a_refused_connection_is_a_failure() -> None:
    server = await asyncio.start_server(lambda _r, _w: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    clock = SystemClock()
    invoke = Invoke(operation="1", nonce=NONCE, time=0, intended_time=0, deadline_seconds=5, model="m")
    async with ChatClient(Target(f"http://127.0.0.1:{port}", "k"), clock) as client:
        outcome = await client.call(invoke, max_tokens=1)
    assert isinstance(outcome, Fail)
    assert outcome.code == "connect"


def test_a_target_does_not_print_its_key() -> None:
    assert "canary" not in repr(Target("http://127.0.0.1", "canary-key"))
