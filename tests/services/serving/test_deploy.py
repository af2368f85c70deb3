import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from services.serving.deploy import (
    RefusedError,
    UnreachableError,
    Waiter,
    apply,
    delete,
    status,
    wait_running,
)

TOKEN = "secret-canary"


def application(state: str, running: int, message: str = "") -> dict[str, Any]:
    replicas = [{"state": "RUNNING"}] * running + [{"state": "STARTING"}] * (2 - running)
    return {
        "status": state,
        "message": message,
        "deployed_app_config": {"name": "chat"},
        "deployments": {"SimulatedModel": {"message": "", "target_num_replicas": 2, "replicas": replicas}},
    }


class StandInDashboard:
    """Answers as Ray's dashboard does, one scripted answer a request; the last one is repeated."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes]] = []
        self.requests: list[tuple[str, str, str | None, bytes]] = []
        outer = self

        class Respond(BaseHTTPRequestHandler):
            def _respond(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.requests.append((self.command, self.path, self.headers.get("authorization"), body))
                code, content = outer.answers.pop(0) if len(outer.answers) > 1 else outer.answers[0]
                self.send_response(code)
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_DELETE = _respond  # noqa: N815  # the server's names for methods

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the server's signature
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Respond)
        self.address = f"127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def says(self, *states: dict[str, Any]) -> None:
        self.answers = [(200, json.dumps({"applications": state}).encode()) for state in states]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def dashboard() -> Iterator[StandInDashboard]:
    opened = StandInDashboard()
    yield opened
    opened.close()


class Steps:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds

    def waiter(self, deadline: float = 5.0) -> Waiter:
        return Waiter(lambda: self.seconds, self.sleep, deadline)


def test_apply_puts_the_configuration_with_the_token(dashboard: StandInDashboard) -> None:
    dashboard.answers = [(200, b"")]
    apply({"applications": []}, dashboard.address, TOKEN)
    assert dashboard.requests == [
        ("PUT", "/api/serve/applications/", f"Bearer {TOKEN}", b'{"applications": []}'),
    ]


def test_delete_asks_for_deletion(dashboard: StandInDashboard) -> None:
    dashboard.answers = [(200, b"")]
    delete(dashboard.address, TOKEN)
    assert dashboard.requests[0][0] == "DELETE"


def test_status_counts_running_and_wanted_replicas(dashboard: StandInDashboard) -> None:
    dashboard.says({"chat": application("DEPLOYING", 1, "starting")})
    chat = status(dashboard.address, TOKEN)["chat"]
    assert (chat.status, chat.replicas, chat.message, chat.is_running) == ("DEPLOYING", (1, 2), "starting", False)
    assert chat.config == {"name": "chat"}


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_token_is_no_reason_to_try_again(dashboard: StandInDashboard, code: int) -> None:
    dashboard.answers = [(code, b"Unauthorized")]
    with pytest.raises(RefusedError, match="does not accept the token") as caught:
        wait_running(frozenset({"chat"}), dashboard.address, TOKEN, Steps().waiter())
    assert TOKEN not in str(caught.value)
    assert len(dashboard.requests) == 1


def test_a_refused_configuration_says_why_in_one_line(dashboard: StandInDashboard) -> None:
    dashboard.answers = [(400, b"ValidationError\n  port\n    must be int")]
    with pytest.raises(RefusedError, match="must be int") as caught:
        apply({}, dashboard.address, TOKEN)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [(500, b""), (200, b"<html>"), (200, b"{}"), (200, b'{"applications": {"a": 1}}')])
def test_something_else_on_the_port_is_not_taken_for_serve(
    dashboard: StandInDashboard, answer: tuple[int, bytes]
) -> None:
    dashboard.answers = [answer]
    with pytest.raises(UnreachableError):
        status(dashboard.address, TOKEN)


def test_nothing_on_the_port_is_said_in_one_sentence(dashboard: StandInDashboard) -> None:
    dashboard.close()
    with pytest.raises(UnreachableError, match="does not answer"):
        status(dashboard.address, TOKEN, 1.0)


def test_waiting_ends_when_every_replica_runs(dashboard: StandInDashboard) -> None:
    dashboard.says(
        {},
        {"chat": application("DEPLOYING", 1)},
        {"chat": application("RUNNING", 1)},
        {"chat": application("RUNNING", 2)},
    )
    found = wait_running(frozenset({"chat"}), dashboard.address, TOKEN, Steps().waiter())
    assert found["chat"].is_running
    assert len(dashboard.requests) == 4


def test_waiting_goes_on_while_the_head_starts(dashboard: StandInDashboard) -> None:
    dashboard.says({"chat": application("RUNNING", 2)})
    dashboard.answers.insert(0, (503, b""))
    assert wait_running(frozenset({"chat"}), dashboard.address, TOKEN, Steps().waiter())["chat"].is_running


@pytest.mark.parametrize("missing", [frozenset({"chat"}), frozenset({"chat", "other"})])
def test_time_that_is_up_says_what_is_missing(dashboard: StandInDashboard, missing: frozenset[str]) -> None:
    dashboard.says({"chat": application("DEPLOYING", 1)})
    with pytest.raises(UnreachableError, match="chat is DEPLOYING with 1 of 2 replicas"):
        wait_running(missing, dashboard.address, TOKEN, Steps().waiter(1.0))


def test_an_application_that_serve_gave_up_ends_the_wait_with_its_reason(dashboard: StandInDashboard) -> None:
    dashboard.says({"chat": application("DEPLOY_FAILED", 0, "Traceback\nImportError: no module acme")})
    steps = Steps()
    with pytest.raises(RefusedError, match="no module acme"):
        wait_running(frozenset({"chat"}), dashboard.address, TOKEN, steps.waiter())
    assert steps.seconds == 0
