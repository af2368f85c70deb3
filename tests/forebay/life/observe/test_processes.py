import os
from pathlib import Path

import pytest

from forebay.life.observe.processes import RayPart, ray_part, see_processes


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("ray::ServeReplica:chat:SimulatedModel", RayPart("chat:SimulatedModel", "replica")),
        ("ray::ServeReplica:chat:SimulatedModel.handle_request", RayPart("chat:SimulatedModel", "replica")),
        ("ray::ProxyActor", RayPart("serve-proxy", "proxy")),
        ("ray::ServeController.listen_for_change", RayPart("serve-controller", "controller")),
        ("ray::IDLE", None),
        ("vim ray::ServeReplica:chat:SimulatedModel", None),
    ],
)
def test_rays_parts_are_known_by_their_titles(title: str, part: RayPart | None) -> None:
    assert ray_part(title) == part


def test_a_process_is_seen_with_its_title_and_memory_and_one_that_ended_is_not() -> None:
    [seen] = see_processes([os.getpid(), 2**22 + 1])

    assert seen.pid == os.getpid()
    assert "python" in seen.title
    assert seen.memory > 2**20


def test_only_the_proportional_share_counts(tmp_path: Path) -> None:
    process = tmp_path / "7"
    process.mkdir()
    (process / "cmdline").write_bytes(b"valkey-server\0--port\x001\0")
    (process / "smaps_rollup").write_text("Rss:  900 kB\nPss:  100 kB\nPss_Anon:  60 kB\n")

    assert [(one.title, one.memory) for one in see_processes([7], tmp_path)] == [("valkey-server --port 1", 102_400)]
