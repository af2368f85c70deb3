import stat
from pathlib import Path

from forebay.cli.failure import DETAILS, failure_of
from forebay.errors import LockHeldError, PortTakenError
from tests.forebay.cli.conftest import Desk


def test_an_error_for_people_is_its_sentence_its_word_and_its_code(tmp_path: Path) -> None:
    failure = failure_of(PortTakenError("port 1 is taken"), tmp_path)

    assert (failure.message, failure.code, failure.exit_code) == ("port 1 is taken", "port_taken", 6)
    assert not (tmp_path / DETAILS).exists()


def test_an_unexpected_error_is_one_sentence_and_its_details_are_in_a_private_file(desk: Desk) -> None:
    desk.engine_run.error = RuntimeError("the\nwheel came off")

    assert desk.run("up") == 1

    details = desk.project / DETAILS
    assert desk.complained.count("\n") == 1
    assert "RuntimeError: the wheel came off" in desk.complained
    assert str(details) in desk.complained
    assert "Traceback" in details.read_text()
    assert stat.S_IMODE(details.stat().st_mode) == 0o600


def test_details_that_cannot_be_written_do_not_hide_the_error(tmp_path: Path) -> None:
    (tmp_path / ".forebay").write_text("a file where the folder should be")

    failure = failure_of(ValueError("odd"), tmp_path)

    assert "ValueError: odd" in failure.message
    assert "could not be written" in failure.message


def test_ctrl_c_is_exit_code_130(desk: Desk) -> None:
    desk.engine_run.error = KeyboardInterrupt()

    assert desk.run("up") == 130

    assert desk.complained == "stopped; what was done stays, and the next run goes on from there\n"


def test_with_json_a_failure_is_a_document_too(desk: Desk) -> None:
    desk.engine_run.error = LockHeldError("the stack local is being changed by process 7")

    assert desk.run("up", "--json") == 5

    assert desk.document["ok"] is False
    assert desk.document["error"] == {
        "message": "the stack local is being changed by process 7",
        "code": "lock_held",
        "exit_code": 5,
    }
