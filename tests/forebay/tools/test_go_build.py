from collections.abc import Sequence
from pathlib import Path

import pytest

from forebay.tools.command import Command, CommandError, OnLine
from forebay.tools.go import GoSource, GoToolchain
from forebay.tools.go_build import GoBuild, GoProgram
from forebay.tools.progress import Advance, unheard
from forebay.tools.version import Version

GO = GoToolchain(Path("/go/bin/go"), Version(1, 26, 8), GoSource.PATH)
PROGRAM = GoProgram(
    title="the thing",
    module=Path("/modules"),
    package="example.org/thing",
    variables={"example.org/thing/version.Version": "v1.0.0"},
    environment={"CGO_ENABLED": "0"},
)


class GoStandIn:
    """Prints what Go would."""

    def __init__(self, listed: Sequence[str], built: Sequence[str]) -> None:
        self.commands: list[Command] = []
        self._printed = {"list": listed, "build": built}

    def __call__(self, command: Command, on_line: OnLine | None = None, /) -> str:
        self.commands.append(command)
        printed = self._printed[command.argv[1]]
        for line in printed:
            if on_line is not None:
                on_line(line)
        return "\n".join(printed)


def test_progress_counts_compiled_packages_against_the_listed_ones(tmp_path: Path) -> None:
    packages = ["errors", "example.org/a", "example.org/b", "example.org/thing"]
    go = GoStandIn(["go: downloading example.org/a v1.2.3", *packages], packages)
    said: list[Advance] = []

    GoBuild(PROGRAM, GO, go, said.append).into(tmp_path / "thing")

    fetching, building = "fetching the modules of the thing", "building the thing"
    assert said == [
        Advance(fetching),
        Advance(fetching, "example.org/a v1.2.3"),
        *[Advance(building, name, (index + 1) / 4) for index, name in enumerate(packages)],
    ]


def test_what_is_no_package_is_not_counted() -> None:
    go = GoStandIn(["a", "b"], ["# example.org/a", "warning: something else", "go: note", "", "a", "b", "c"])
    said: list[Advance] = []

    GoBuild(PROGRAM, GO, go, said.append).into(Path("thing"))

    assert [advance.fraction for advance in said] == [None, 0.5, 1.0, 1.0]


def test_the_build_is_locked_linked_with_its_version_and_kept_from_fetching_a_toolchain() -> None:
    go = GoStandIn(["a"], ["a"])

    GoBuild(PROGRAM, GO, go, unheard).into(Path("/out/thing"))

    listing, build = go.commands
    assert list(listing.argv) == ["/go/bin/go", "list", "-mod=readonly", "-deps", "example.org/thing"]
    assert build.argv[:3] == ["/go/bin/go", "build", "-mod=readonly"]
    assert "-s -w -X example.org/thing/version.Version=v1.0.0" in build.argv
    assert list(build.argv[-3:]) == ["-o", "/out/thing", "example.org/thing"]
    assert build.folder == Path("/modules")
    assert {**build.environment}["CGO_ENABLED"] == "0"
    assert {**build.environment}["GOTOOLCHAIN"] == "local"


def test_a_module_that_cannot_be_fetched_stops_the_build() -> None:
    def refuse(command: Command, _on_line: OnLine | None = None, /) -> str:
        assert command.argv[1] == "list"
        raise CommandError("go failed with exit code 1: no such host")

    with pytest.raises(CommandError, match="no such host"):
        GoBuild(PROGRAM, GO, refuse, unheard).into(Path("thing"))
