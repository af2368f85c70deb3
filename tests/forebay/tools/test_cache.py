from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread

import pytest

from forebay.errors import ToolMissingError
from forebay.tools.cache import Cache, Entry, user_cache
from forebay.tools.progress import Advance, unheard

ENTRY = Entry("thing-1.0.0", ("thing", "bin/thing"))


def filling(name: str = "thing", content: str = "#!/bin/sh\n") -> Callable[[Path], None]:
    def fill(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
        path.chmod(0o755)

    return fill


def never(_folder: Path) -> None:
    pytest.fail("made what was there already")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.mark.parametrize("name", ["thing", "bin/thing"])
def test_what_is_made_once_is_there_the_next_time(cache: Cache, name: str) -> None:
    assert cache.get(ENTRY) is None

    path = cache.make(ENTRY, filling(name), unheard)

    assert path == cache.root / "thing-1.0.0" / name
    assert cache.get(ENTRY) == path
    assert cache.make(ENTRY, never, unheard) == path


def test_a_failure_leaves_nothing_that_looks_complete(cache: Cache) -> None:
    def fail(folder: Path) -> None:
        filling()(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.make(ENTRY, fail, unheard)

    assert cache.get(ENTRY) is None
    assert [path.name for path in cache.root.iterdir()] == [".thing-1.0.0.lock"]


def test_what_a_killed_process_had_begun_is_thrown_away(cache: Cache) -> None:
    (cache.root / ".thing-1.0.0.partial").mkdir(parents=True)
    (cache.root / ".thing-1.0.0.partial" / "half").touch()

    path = cache.make(ENTRY, filling(), unheard)

    assert [found.name for found in path.parent.iterdir()] == ["thing"]


def test_a_broken_entry_is_replaced(cache: Cache) -> None:
    (cache.root / "thing-1.0.0").mkdir(parents=True)
    (cache.root / "thing-1.0.0" / "thing").write_text("not executable")

    assert cache.make(ENTRY, filling(), unheard).read_text() == "#!/bin/sh\n"


def test_an_entry_without_its_program_is_refused(cache: Cache) -> None:
    with pytest.raises(ToolMissingError, match="made without thing"):
        cache.make(ENTRY, filling("other"), unheard)

    assert cache.get(ENTRY) is None


def test_who_comes_second_waits_for_the_first_and_takes_what_it_made(cache: Cache) -> None:
    begun, go_on = Event(), Event()

    def fill(folder: Path) -> None:
        begun.set()
        assert go_on.wait(20)
        filling(content="#!/bin/sh\n# first\n")(folder)

    # The lock is the open file's, so another thread stands for another process.
    first = Thread(target=cache.make, args=(ENTRY, fill, unheard))
    first.start()
    assert begun.wait(20)
    said: list[Advance] = []

    def hear(advance: Advance) -> None:
        said.append(advance)
        go_on.set()

    path = cache.make(ENTRY, never, hear)
    first.join(20)

    assert path.read_text() == "#!/bin/sh\n# first\n"
    assert said[0].task == "waiting for another process to make thing-1.0.0"


def test_a_holder_that_hangs_is_given_up_on(cache: Cache) -> None:
    clock = iter(range(0, 10_000, 10))
    patient = Cache(cache.root, timedelta(seconds=30), now=lambda: float(next(clock)), sleep=lambda _seconds: None)
    said: list[Advance] = []

    def make_again(_folder: Path) -> None:
        patient.make(ENTRY, never, said.append)

    with pytest.raises(
        ToolMissingError, match=r"another process has been making thing-1\.0\.0 for over 0:00:30; end it"
    ):
        cache.make(ENTRY, make_again, unheard)

    assert len(said) == 3


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/home/me/.cache/forebay"),
        ({"XDG_CACHE_HOME": ""}, "/home/me/.cache/forebay"),
        ({"XDG_CACHE_HOME": "/elsewhere"}, "/elsewhere/forebay"),
        ({"XDG_CACHE_HOME": "relative"}, "/home/me/.cache/forebay"),
    ],
)
def test_the_users_cache_follows_the_xdg_rules(environment: dict[str, str], folder: str) -> None:
    assert user_cache(environment, Path("/home/me")) == Path(folder)
