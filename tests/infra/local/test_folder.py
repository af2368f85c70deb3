import stat
from pathlib import Path

import pytest

from infra.local.folder import StackFolder


def test_every_folder_is_for_the_owner_alone(folder: StackFolder) -> None:
    made = (folder.root, folder.run, folder.logs, folder.secrets, folder.processes, folder.data)

    assert {stat.S_IMODE(path.stat().st_mode) for path in made} == {0o700}


def test_the_short_folder_leaves_ray_room_for_its_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/a/temporary/folder/with/a/long/name")

    run = StackFolder(Path("/home/somebody/a/checkout/with/a/very/long/path/.forebay/staging")).run

    assert len(str(run / "ray")) <= 36


def test_two_stacks_never_share_a_short_folder() -> None:
    assert StackFolder(Path("/work/.forebay/dev")).run != StackFolder(Path("/work/.forebay/prod")).run
