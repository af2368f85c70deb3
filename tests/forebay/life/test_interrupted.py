import json
from pathlib import Path

from forebay.life.interrupted import was_interrupted


def _state(folder: Path, pending: list[dict[str, object]]) -> None:
    file = folder / ".pulumi" / "stacks" / "forebay" / "local.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"latest": {"pending_operations": pending}}}))


def test_a_state_without_lock_and_half_done_operations_was_not_interrupted(tmp_path: Path) -> None:
    _state(tmp_path, [])

    assert not was_interrupted(tmp_path)


def test_no_state_at_all_was_not_interrupted(tmp_path: Path) -> None:
    assert not was_interrupted(tmp_path)


def test_an_engines_lock_that_was_left_shows_an_interruption(tmp_path: Path) -> None:
    _state(tmp_path, [])
    lock = tmp_path / ".pulumi" / "locks" / "organization" / "forebay" / "local" / "1.json"
    lock.parent.mkdir(parents=True)
    lock.write_text("{}")

    assert was_interrupted(tmp_path)


def test_a_half_done_operation_shows_an_interruption(tmp_path: Path) -> None:
    _state(tmp_path, [{"type": "creating"}])

    assert was_interrupted(tmp_path)


def test_a_state_before_its_first_resource_was_not_interrupted(tmp_path: Path) -> None:
    file = tmp_path / ".pulumi" / "stacks" / "forebay" / "local.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"version": 3, "checkpoint": {"stack": "local"}}))

    assert not was_interrupted(tmp_path)
