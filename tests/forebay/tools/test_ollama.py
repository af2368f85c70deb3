import io
import re
import tarfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from forebay.errors import ToolMissingError
from forebay.tools.cache import Cache
from forebay.tools.command import Command, CommandError, OnLine, run
from forebay.tools.go import GoWorkshop
from forebay.tools.ollama import LEAST_OLLAMA, OLLAMA, Ollama, OllamaSource, cached_ollama, ensure_ollama, find_ollama
from forebay.tools.progress import Advance, unheard
from forebay.tools.version import Version

MakeProgram = Callable[[str, str], Path]

VENDORED = "llama_cpp_python-0/vendor/llama.cpp/vendor"


class BuildStandIn:
    """Runs programs, except pip, which brings a source archive, and Go's build, which notes the headers that it saw."""

    def __init__(self, failure: str = "") -> None:
        self.headers: dict[str, str] = {}
        self.flags = ""
        self._failure = failure

    def __call__(self, command: Command, on_line: OnLine | None = None, /) -> str:
        if command.argv[1:3] == ["-m", "pip"]:
            self._bring_archive(Path(command.argv[command.argv.index("-d") + 1]))
            return ""
        if command.argv[1] == "list":
            return "a"
        if command.argv[1] == "build":
            return self._build(command)
        return run(command, on_line)

    def _bring_archive(self, folder: Path) -> None:
        files = {
            f"{VENDORED}/nlohmann/json.hpp": "json",
            f"{VENDORED}/stb/stb_image.h": "stb",
            f"{VENDORED}/miniaudio/miniaudio.h": "miniaudio",
            f"{VENDORED}/cpp-httplib/httplib.h": "not wanted",
            "llama_cpp_python-0/setup.py": "not wanted",
        }
        with tarfile.open(folder / "source.tar.gz", "w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content.encode()))

    def _build(self, command: Command) -> str:
        if self._failure:
            raise CommandError(self._failure)
        self.flags = command.environment["CGO_CXXFLAGS"]
        folder = Path(self.flags.partition("-I")[2])
        found = (path for path in folder.rglob("*") if path.is_file())
        self.headers = {str(path.relative_to(folder)): path.read_text() for path in found}
        output = Path(command.argv[command.argv.index("-o") + 1])
        output.write_text("#!/bin/sh\n")
        output.chmod(0o755)
        return ""


@pytest.fixture
def workshop(tmp_path: Path, bin_folder: Path, program: MakeProgram) -> GoWorkshop:
    program("go", "echo go version go1.26.8 linux/amd64")
    return GoWorkshop(tmp_path / "tools", Cache(tmp_path / "cache"), {"PATH": str(bin_folder)}, BuildStandIn())


def test_a_new_enough_ollama_on_path_is_taken(workshop: GoWorkshop, program: MakeProgram) -> None:
    path = program("ollama", f"echo 'Warning: could not connect'; echo Warning: client version is {LEAST_OLLAMA}")

    assert ensure_ollama(workshop, unheard) == Ollama(path, LEAST_OLLAMA, OllamaSource.PATH)


def test_its_version_is_its_own_and_not_that_of_a_running_server(workshop: GoWorkshop, program: MakeProgram) -> None:
    program("ollama", 'test "$OLLAMA_HOST" = 127.0.0.1:1 && echo client version is 0.30.0')

    found = find_ollama(workshop)

    assert found is not None
    assert found.version == Version(0, 30, 0)


def test_where_there_is_none_it_is_built_once_with_the_headers_it_lacks(workshop: GoWorkshop) -> None:
    said: list[Advance] = []

    first = ensure_ollama(workshop, said.append)

    assert first == Ollama(workshop.cache.root / f"ollama-{OLLAMA}" / "ollama", OLLAMA, OllamaSource.CACHE)
    assert isinstance(workshop.run, BuildStandIn)
    assert workshop.run.headers == {
        "nlohmann/json.hpp": "json",
        "stb/stb_image.h": "stb",
        "miniaudio/miniaudio.h": "miniaudio",
    }
    assert [path.name for path in first.path.parent.iterdir()] == ["ollama"]
    assert said[0].task == "fetching the headers that Ollama is built with"
    assert ensure_ollama(replace(workshop, run=run), unheard) == first


@pytest.mark.parametrize("script", ["echo client version is 0.17.0", "exit 1"])
def test_an_ollama_that_is_too_old_or_broken_is_passed_over(
    workshop: GoWorkshop, program: MakeProgram, script: str
) -> None:
    program("ollama", script)

    assert find_ollama(workshop) is None
    assert ensure_ollama(workshop, unheard).source is OllamaSource.CACHE


def test_a_build_that_fails_says_what_to_install(workshop: GoWorkshop) -> None:
    broken = replace(workshop, run=BuildStandIn("go failed with exit code 1: g++ not found"))

    with pytest.raises(
        ToolMissingError, match=r"g\+\+ not found; install Ollama 0\.17\.1 or newer, or a C\+\+ compiler"
    ):
        ensure_ollama(broken, unheard)

    assert cached_ollama(broken.cache) is None


def test_the_pin_agrees_with_the_module_that_locks_it(project: Path) -> None:
    module = (project / "tools" / "ollama" / "go.mod").read_text()
    headers = (project / "tools" / "ollama" / "headers.txt").read_text()

    assert f"github.com/ollama/ollama v{OLLAMA} " in module
    assert re.search(r"^llama-cpp-python==\S+ \\$", headers, re.MULTILINE)
    assert "--hash=sha256:" in headers
    assert OLLAMA >= LEAST_OLLAMA
