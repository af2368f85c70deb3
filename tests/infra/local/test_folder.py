import stat
from pathlib import Path

import pytest

from infra.local.folder import StackFolder


def test_every_folder_is_for_the_owner_alone(folder: StackFolder) -> None:
    made = (folder.root, folder.run, folder.logs, folder.secrets, folder.processes, folder.data)

    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}


def test_a_planted_link_is_refused_and_not_followed(tmp_path: Path) -> None:
    folder = StackFolder(tmp_path / "stack")
    target = tmp_path / "somebody's"
    target.mkdir(mode=0o755)
    folder.run.symlink_to(target)
    try:
        with pytest.raises(PermissionError, match=r"is a link or belongs to another user"):
            folder.create()
    finally:
        folder.run.unlink()

    assert stat.S_IMODE(target.stat().st_mode) == 0o755


def test_the_short_folder_does_not_depend_on_the_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = StackFolder(tmp_path).run
    monkeypatch.setenv("TMPDIR", "/var/tmp")

    assert StackFolder(tmp_path).run == before


def test_the_short_folder_leaves_ray_room_for_its_sockets() -> None:
    run = StackFolder(Path("/home/somebody/a/checkout/with/a/very/long/path/.forebay/staging")).run

    assert len(str(run / "ray")) <= 36


def test_two_stacks_never_share_a_short_folder() -> None:
    assert StackFolder(Path("/work/.forebay/dev")).run != StackFolder(Path("/work/.forebay/prod")).run
