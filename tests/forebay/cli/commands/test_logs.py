import json
from pathlib import Path

import pytest

from tests.forebay.cli.conftest import Desk


@pytest.fixture
def logs(desk: Desk) -> Path:
    folder = desk.project / ".forebay" / "local" / "logs"
    folder.mkdir(parents=True)
    (folder / "ray.log").write_text("one\ntwo\nthree\n")
    (folder / "gateway-blue-0.log").write_text('{"event": "gateway.listening"}\n')
    (folder / "gateway-blue-0.log.1").write_text("rotated away\n")
    return folder


def test_all_logs_are_shown_each_line_with_its_process(desk: Desk, logs: Path) -> None:
    assert desk.run("logs", "--lines", "2") == 0

    assert desk.said.splitlines() == [
        'gateway-blue-0 | {"event": "gateway.listening"}',
        "ray            | two",
        "ray            | three",
    ]


def test_one_process_is_shown_as_it_wrote(desk: Desk, logs: Path) -> None:
    assert desk.run("logs", "gateway-blue-0") == 0

    assert desk.said == '{"event": "gateway.listening"}\n'


def test_an_unknown_process_is_refused_with_those_there_are(desk: Desk, logs: Path) -> None:
    assert desk.run("logs", "gateway") == 2

    assert "there is no process gateway in the stack local" in desk.complained
    assert "gateway-blue-0, ray" in desk.complained


def test_json_has_the_lines_with_their_processes(desk: Desk, logs: Path) -> None:
    desk.run("logs", "ray", "-n", "1", "--json")

    assert desk.document["lines"] == [{"process": "ray", "line": "three"}]


def test_following_goes_on_with_what_is_added_until_ctrl_c(desk: Desk, logs: Path) -> None:
    file = logs / "ray.log"
    turns = iter(["four\nfi", "ve\n", None])

    def turn(_seconds: float) -> None:
        more = next(turns)
        if more is None:
            raise KeyboardInterrupt
        with file.open("a") as stream:
            stream.write(more)

    assert desk.given(sleep=turn).run("logs", "ray", "--follow", "--lines", "1") == 0

    assert desk.said.splitlines() == ["three", "four", "five"]
    assert desk.complained == ""


def test_following_survives_rotation(desk: Desk, logs: Path) -> None:
    file = logs / "ray.log"
    turns = iter([True, False])

    def turn(_seconds: float) -> None:
        if not next(turns):
            raise KeyboardInterrupt
        file.rename(logs / "ray.log.1")
        file.write_text("after\n")

    desk.given(sleep=turn).run("logs", "ray", "-f", "-n", "0", "--json")

    assert [json.loads(line) for line in desk.said.splitlines()] == [{"process": "ray", "line": "after"}]
