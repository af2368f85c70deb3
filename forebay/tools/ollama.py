import shutil
import sys
import tarfile
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from forebay.errors import ToolMissingError
from forebay.tools.cache import Cache, Entry
from forebay.tools.command import Command, CommandError, Runner
from forebay.tools.go import GoWorkshop, pip
from forebay.tools.go_build import GoBuild, GoProgram
from forebay.tools.progress import Advance, Progress
from forebay.tools.version import Version, find_version

LEAST_OLLAMA = Version(0, 17, 1)
"""The oldest Ollama whose API the gateway speaks."""

OLLAMA = Version(0, 20, 7)
"""The one that is built where none is installed; the same as in `tools/ollama/go.mod`."""

_ENTRY = Entry(f"ollama-{OLLAMA}", ("ollama",))
_PACKAGE = "github.com/ollama/ollama"
_QUESTION = timedelta(seconds=10)

# A Go module's archive leaves out folders named `vendor`, and with them three libraries that Ollama's C++ includes.
_HEADER_LIBRARIES = ("nlohmann", "stb", "miniaudio")


class OllamaSource(StrEnum):
    """Which way an Ollama was found."""

    PATH = "on PATH"
    CACHE = "in the cache, built from its Go module"


@dataclass(frozen=True, slots=True)
class Ollama:
    """An Ollama program that can be run."""

    path: Path
    version: Version
    source: OllamaSource


def find_ollama(workshop: GoWorkshop) -> Ollama | None:
    """The Ollama on PATH if it is new enough, else the one in the cache; builds nothing."""
    found = ollama_on_path(workshop)
    if found is not None and found.version >= LEAST_OLLAMA:
        return found
    return cached_ollama(workshop.cache)


def cached_ollama(cache: Cache) -> Ollama | None:
    """The Ollama that was built on this machine, or None if none was."""
    path = cache.get(_ENTRY)
    return Ollama(path, OLLAMA, OllamaSource.CACHE) if path else None


def ollama_on_path(workshop: GoWorkshop) -> Ollama | None:
    """The Ollama on PATH, of whatever version, or None if there is none or it does not answer."""
    path = shutil.which("ollama", path=workshop.environment.get("PATH", ""))
    version = _version(Path(path), workshop.run) if path else None
    return Ollama(Path(path), version, OllamaSource.PATH) if path and version else None


def ensure_ollama(workshop: GoWorkshop, progress: Progress) -> Ollama:
    """An Ollama, built from its Go module for the CPU if there is none; needs a C++ compiler for that.

    Raises:
        ToolMissingError: If it can neither be found nor built.
    """
    found = find_ollama(workshop)
    if found is not None:
        return found

    def fill(folder: Path) -> None:
        headers = folder / "headers"
        progress(Advance("fetching the headers that Ollama is built with"))
        _fetch_headers(headers, workshop)
        GoBuild(_program(workshop, headers), workshop.toolchain(progress), workshop.run, progress).into(
            folder / "ollama"
        )
        shutil.rmtree(headers)

    try:
        return Ollama(workshop.cache.make(_ENTRY, fill, progress), OLLAMA, OllamaSource.CACHE)
    except CommandError as error:
        raise ToolMissingError(
            f"Ollama cannot be built: {error}; install Ollama {LEAST_OLLAMA} or newer, or a C++ compiler, and try again"
        ) from error


def _version(path: Path, run: Runner) -> Version | None:
    try:
        # Asked of no server: one that is running may be older than this program, and would be named first.
        answer = run(Command([str(path), "--version"], _QUESTION, {"OLLAMA_HOST": "127.0.0.1:1"}))
    except CommandError:
        return None
    return find_version(answer)


def _program(workshop: GoWorkshop, headers: Path) -> GoProgram:
    return GoProgram(
        title="Ollama",
        module=workshop.modules / "ollama",
        package=_PACKAGE,
        variables={f"{_PACKAGE}/version.Version": str(OLLAMA)},
        environment={"CGO_ENABLED": "1", "CGO_CFLAGS": "-O2", "CGO_CXXFLAGS": f"-O2 -I{headers}"},
    )


def _fetch_headers(folder: Path, workshop: GoWorkshop) -> None:
    """Take them from the source distribution that carries the same C++ project with nothing left out."""
    folder.mkdir()
    pip(("download", "-d", str(folder), "-r", str(workshop.modules / "ollama" / "headers.txt")), workshop.run)
    for archive in folder.glob("*.tar.gz"):
        _unpack_headers(archive, folder)
        archive.unlink()


def _unpack_headers(archive: Path, folder: Path) -> None:
    with tarfile.open(archive) as source:
        for member in source:
            *_, vendor, library, name = ("", "", *Path(member.name).parts)
            content = source.extractfile(member) if vendor == "vendor" and library in _HEADER_LIBRARIES else None
            if content is not None:
                (folder / library).mkdir(exist_ok=True)
                (folder / library / name).write_bytes(content.read())


def main() -> None:
    """Print the path of an Ollama, building one if there is none: `python -m forebay.tools.ollama`."""
    try:
        found = ensure_ollama(GoWorkshop.of_this_machine(), _tell)
    except ToolMissingError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)
    sys.stdout.write(f"{found.path}\n")


def _tell(advance: Advance, /) -> None:
    share = "" if advance.fraction is None else f"{advance.fraction:4.0%} "
    sys.stderr.write(f"{advance.task}: {share}{advance.detail}\n")


if __name__ == "__main__":
    main()
