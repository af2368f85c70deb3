from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from forebay.engine.find import (
    ENTRY,
    OVERRIDE,
    PIN,
    Engine,
    EngineSearch,
    Source,
    engine_on_path,
    find_engine,
    ready_engine,
)
from forebay.errors import EngineMissingError
from forebay.tools.cache import Cache
from forebay.tools.command import Command, CommandError, Runner, run
from forebay.tools.go import GoWorkshop
from forebay.tools.progress import Advance, Progress, unheard

WriteProgram = Callable[[Path, str], Path]

# A Go that builds by writing a program which answers as the engine does, and says how it was called.
GO = """
case "$1" in
  version) echo go version go1.26.8 linux/amd64 ;;
  list) echo "go: downloading example.org/a v1.0.0" >&2; echo a; echo b ;;
  build)
    echo a >&2; echo b >&2
    while [ "$1" != -o ]; do
      case "$1" in *Version=*) version=${1##*Version=} ;; esac
      shift
    done
    printf '#!/bin/sh\\necho %s\\n' "$version" > "$2"; chmod +x "$2" ;;
esac
"""


def refuse(_folder: Path, _version: str, _run: Runner, _progress: Progress) -> None:
    raise CommandError("its host cannot be reached")


@pytest.fixture
def search(tmp_path: Path) -> EngineSearch:
    """A machine without any engine and without a network."""
    tools = tmp_path / "tools"
    tools.mkdir()
    workshop = GoWorkshop(tools, Cache(tmp_path / "cache"), {"PATH": str(tmp_path / "bin")}, run)
    return EngineSearch(tmp_path / "project", workshop, refuse)


def named(search: EngineSearch, path: Path) -> EngineSearch:
    environment = {**search.environment, OVERRIDE: str(path)}
    return replace(search, workshop=replace(search.workshop, environment=environment))


def test_a_pulumi_on_path_that_is_not_older_than_the_pin_is_taken(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    path = write_program(tmp_path / "bin" / "pulumi", "echo v3.251.2")

    assert find_engine(search, unheard) == Engine(path, "3.251.2", Source.PATH)
    assert not search.link.exists()


@pytest.mark.parametrize("script", ["echo v3.249.0", "echo v4.0.0", "exit 1", "echo", "echo 'version unknown'"])
def test_a_pulumi_on_path_that_will_not_do_is_passed_over(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram, script: str
) -> None:
    write_program(tmp_path / "bin" / "pulumi", script)
    write_program(search.cache.root / ENTRY.name / "pulumi", "exit 9")

    assert find_engine(search, unheard).source is Source.CACHE


def test_a_warning_before_the_version_does_not_hide_it(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(tmp_path / "bin" / "pulumi", "echo 'warning: upgrade to 3.999.0' >&2; echo v3.250.0")

    found = engine_on_path(search)

    assert found is not None
    assert found.version == "3.250.0"


def test_an_old_pulumi_on_path_can_still_be_told_of(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    path = write_program(tmp_path / "bin" / "pulumi", "echo v3.100.0")

    assert engine_on_path(search) == Engine(path, "3.100.0", Source.PATH)
    assert ready_engine(search) is None


def test_an_engine_in_the_checkout_comes_before_the_cache(search: EngineSearch, write_program: WriteProgram) -> None:
    write_program(search.link, "echo v3.250.0")
    write_program(search.cache.root / ENTRY.name / "pulumi", "exit 9")

    assert find_engine(search, unheard) == Engine(search.link, "3.250.0", Source.PROJECT)


@pytest.mark.parametrize("layout", ["pulumi", "bin/pulumi"])
def test_a_cached_engine_is_linked_into_the_checkout_and_not_asked_again(
    search: EngineSearch, write_program: WriteProgram, layout: str
) -> None:
    cached = write_program(search.cache.root / ENTRY.name / layout, "exit 9")

    first = find_engine(search, unheard)
    second = find_engine(search, unheard)

    assert first == Engine(search.link, str(PIN), Source.CACHE)
    assert second == Engine(search.link, str(PIN), Source.PROJECT)
    assert search.link.resolve() == cached


def test_a_second_checkout_links_to_the_same_engine(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(search.cache.root / ENTRY.name / "pulumi", "exit 9")
    other = replace(search, project=tmp_path / "other")

    assert find_engine(search, unheard).path.resolve() == find_engine(other, unheard).path.resolve()


def test_a_link_into_a_cache_that_was_cleared_is_mended(search: EngineSearch, write_program: WriteProgram) -> None:
    search.link.parent.mkdir(parents=True)
    search.link.symlink_to("/nowhere/pulumi")
    cached = write_program(search.cache.root / ENTRY.name / "pulumi", "exit 9")

    assert find_engine(search, unheard).source is Source.CACHE
    assert search.link.resolve() == cached


def test_the_one_that_is_named_comes_before_all(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(tmp_path / "bin" / "pulumi", "echo v3.260.0")
    mine = write_program(tmp_path / "mine" / "pulumi", "echo v3.240.0")

    assert find_engine(named(search, mine), unheard) == Engine(mine, "3.240.0", Source.OVERRIDE)


def test_a_relative_name_is_one_from_here_and_stays_so_elsewhere(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = write_program(tmp_path / "mine" / "pulumi", "echo v3.250.0")
    monkeypatch.chdir(tmp_path)

    assert find_engine(named(search, Path("mine/pulumi")), unheard).path == mine


@pytest.mark.parametrize("script", [None, "exit 1"])
def test_a_name_that_leads_to_no_engine_is_refused_rather_than_passed_over(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram, script: str | None
) -> None:
    write_program(tmp_path / "bin" / "pulumi", "echo v3.260.0")
    path = tmp_path / "mine"
    if script is not None:
        write_program(path, script)

    with pytest.raises(EngineMissingError, match=rf"{OVERRIDE}={path} is no Pulumi engine.*unset it"):
        find_engine(named(search, path), unheard)


def test_with_a_network_the_official_installer_fills_the_cache(
    search: EngineSearch, write_program: WriteProgram
) -> None:
    def install(folder: Path, version: str, _run: Runner, _progress: Progress) -> None:
        write_program(folder / "bin" / "pulumi", f"echo v{version}")

    found = find_engine(replace(search, installer=install), unheard)

    assert found == Engine(search.link, str(PIN), Source.INSTALLER)
    assert search.link.resolve() == search.cache.root / ENTRY.name / "bin" / "pulumi"


def test_without_a_network_the_engine_is_built_from_its_go_module(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(tmp_path / "bin" / "go", GO)
    said: list[Advance] = []

    found = find_engine(with_tools(search), said.append)

    assert found == Engine(search.link, str(PIN), Source.BUILT)
    assert run(Command([str(found.path)], timedelta(seconds=10))) == f"v{PIN}"
    assert [advance.fraction for advance in said if advance.task.startswith("building")] == [0.5, 1.0]
    assert "example.org/a v1.0.0" in [advance.detail for advance in said]


def test_an_installer_that_brings_another_version_is_not_believed(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(tmp_path / "bin" / "go", GO)

    def install(folder: Path, _version: str, _run: Runner, _progress: Progress) -> None:
        write_program(folder / "bin" / "pulumi", "echo v3.1.0")

    found = find_engine(replace(with_tools(search), installer=install), unheard)

    assert found.source is Source.BUILT
    assert not (search.cache.root / ENTRY.name / "bin").exists()


def test_when_every_way_fails_each_reason_is_told(
    search: EngineSearch, tmp_path: Path, write_program: WriteProgram
) -> None:
    write_program(tmp_path / "bin" / "go", GO.replace("list)", "list) echo 'no module' >&2; exit 1;;\n other)"))

    with pytest.raises(EngineMissingError) as caught:
        find_engine(with_tools(search), unheard)

    message = str(caught.value)
    assert "by the official installer: its host cannot be reached" in message
    assert "built from tools/go.mod: go failed with exit code 1: no module" in message
    assert f"install pulumi {PIN} or newer and put it on PATH, or set {OVERRIDE}" in message
    assert search.cache.get(ENTRY) is None


def test_looking_for_a_ready_engine_makes_nothing(search: EngineSearch) -> None:
    assert ready_engine(search) is None
    assert not search.cache.root.exists()
    assert not search.project.exists()


def with_tools(search: EngineSearch) -> EngineSearch:
    """The scripts that stand in for Go need the system's own programs."""
    path = f"{search.environment['PATH']}:/usr/bin:/bin"
    return replace(search, workshop=replace(search.workshop, environment={"PATH": path}))
