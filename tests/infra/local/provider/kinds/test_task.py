from pathlib import Path

import pytest

from infra.local.folder import StackFolder
from infra.local.inputs import TaskInputs
from infra.local.provider.kinds.kind import ResourceError
from infra.local.provider.kinds.task import TaskKind


def _task(target: Path, **changes: object) -> TaskInputs:
    commands = {
        "apply": ("/bin/sh", "-c", f"cat > {target}"),
        "check": ("/bin/sh", "-c", f"test -s {target}"),
        "remove": ("rm", "-f", str(target)),
    }
    return TaskInputs.model_validate({"name": "made", "content": "the content", **commands, **changes})


def test_apply_gets_the_content_on_its_standard_input(folder: StackFolder) -> None:
    target = folder.data / "made"

    TaskKind(folder).create(_task(target))

    assert target.read_text() == "the content"


def test_read_says_whether_check_succeeds(folder: StackFolder) -> None:
    target = folder.data / "made"
    inputs = _task(target)
    kind = TaskKind(folder)
    kind.create(inputs)
    before = kind.read(inputs)
    target.unlink()

    after = kind.read(inputs)

    assert (before, after) == (inputs, inputs.model_copy(update={"applied": False}))


def test_remove_takes_it_away(folder: StackFolder) -> None:
    target = folder.data / "made"
    kind = TaskKind(folder)
    kind.create(_task(target))

    kind.delete(_task(target))

    assert not target.exists()


def test_a_failure_is_the_last_sentence_that_the_command_said(folder: StackFolder) -> None:
    inputs = _task(folder.data / "made", apply=("/bin/sh", "-c", "echo noise >&2; echo no room left >&2; exit 1"))

    with pytest.raises(ResourceError, match=r"^made: no room left$"):
        TaskKind(folder).create(inputs)


def test_a_command_that_hangs_is_given_up(folder: StackFolder) -> None:
    inputs = _task(folder.data / "made", apply=("sleep", "60"), timeoutSeconds=0.2)

    with pytest.raises(ResourceError, match=r"made did not end within 0\.2 s"):
        TaskKind(folder).create(inputs)


def test_a_command_sees_nothing_of_the_users_secrets(folder: StackFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "canary-value")
    seen = folder.data / "seen"

    TaskKind(folder).create(_task(folder.data / "made", apply=("/bin/sh", "-c", f"env > {seen}")))

    assert "canary-value" not in seen.read_text()
