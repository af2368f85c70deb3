"""Which Pulumi engine runs the stacks.

The ways are tried from the cheapest: the one that `FOREBAY_ENGINE` names, `pulumi` on PATH, the checkout's
`.forebay/bin`, the user's cache; then, for minutes instead of moments, the official installer and a build from the
Go module that `tools/go.mod` locks. The last two fill the cache, and `.forebay/bin` becomes a link into it, so that
a second checkout costs nothing.
"""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import partial
from pathlib import Path

from forebay.engine.installer import install_engine
from forebay.errors import EngineMissingError
from forebay.tools.cache import Cache, Entry, is_program
from forebay.tools.command import Command, CommandError, Runner
from forebay.tools.go import GoWorkshop
from forebay.tools.go_build import GoBuild, GoProgram
from forebay.tools.progress import Progress
from forebay.tools.version import Version, find_version

PIN = Version(3, 250, 0)
"""The engine's version; the Python SDK has the same."""

OVERRIDE = "FOREBAY_ENGINE"
"""Environment variable that names the engine to use, whatever else is there."""

ENTRY = Entry(f"pulumi-{PIN}", ("pulumi", "bin/pulumi"))

_PACKAGE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_QUESTION = timedelta(seconds=15)


class Source(StrEnum):
    """Which way an engine was found."""

    OVERRIDE = f"named by {OVERRIDE}"
    PATH = "on PATH"
    PROJECT = "in the checkout's .forebay/bin"
    CACHE = "in the user's cache"
    INSTALLER = "by the official installer"
    BUILT = "built from tools/go.mod"


@dataclass(frozen=True, slots=True)
class Engine:
    """A Pulumi engine that can be run.

    Attributes:
        version: Without a leading `v`, as `3.250.0`.
    """

    path: Path
    version: str
    source: Source


# Installs an engine into the empty folder; raises CommandError if it cannot.
Installer = Callable[[Path, str, Runner, Progress], None]


@dataclass(frozen=True, slots=True)
class EngineSearch:
    """Where to look for an engine, and what to make one with.

    Attributes:
        project: The checkout; a found engine is linked into its `.forebay/bin`.
    """

    project: Path
    workshop: GoWorkshop
    installer: Installer = install_engine

    @classmethod
    def of_this_machine(cls, project: Path) -> "EngineSearch":
        """The user's environment and cache, real programs."""
        return cls(project, GoWorkshop.of_this_machine())

    @property
    def link(self) -> Path:
        return self.project / ".forebay" / "bin" / "pulumi"

    @property
    def cache(self) -> Cache:
        return self.workshop.cache

    @property
    def environment(self) -> Mapping[str, str]:
        return self.workshop.environment


def find_engine(search: EngineSearch, progress: Progress) -> Engine:
    """The engine, fetched or built if this machine has none.

    Raises:
        EngineMissingError: If FOREBAY_ENGINE names no engine, or every way failed; the message has each reason.
        ToolMissingError: If another process holds the cache for too long.
    """
    found = ready_engine(search) or _make(search, progress)
    if found.source not in {Source.CACHE, Source.INSTALLER, Source.BUILT}:
        return found
    _link(search.link, found.path)
    return Engine(search.link, found.version, found.source)


def ready_engine(search: EngineSearch) -> Engine | None:
    """The engine that is on this machine already, or None; changes nothing.

    Raises:
        EngineMissingError: If FOREBAY_ENGINE names no engine.
    """
    return _named(search) or _on_path(search) or _in_project(search) or _in_cache(search)


def engine_on_path(search: EngineSearch) -> Engine | None:
    """The `pulumi` on PATH, of whatever version, or None if there is none or it does not answer."""
    found = shutil.which("pulumi", path=search.environment.get("PATH", ""))
    return _asked(Path(found), Source.PATH, search.workshop.run) if found else None


def _named(search: EngineSearch) -> Engine | None:
    name = search.environment.get(OVERRIDE, "")
    if not name:
        return None
    engine = _asked(Path(name), Source.OVERRIDE, search.workshop.run)
    if engine is None:
        raise EngineMissingError(
            f"{OVERRIDE}={name} is no Pulumi engine: it does not answer `version`; "
            "set it to the path of one, or unset it"
        )
    return engine


def _on_path(search: EngineSearch) -> Engine | None:
    engine = engine_on_path(search)
    return engine if engine and _serves(engine) else None


def _in_project(search: EngineSearch) -> Engine | None:
    cached = search.cache.get(ENTRY)
    if cached is not None and search.link.exists() and search.link.samefile(cached):
        # What is in the cache was asked when it was made: asking again would cost every command a fifth of a second.
        return Engine(search.link, str(PIN), Source.PROJECT)
    engine = _asked(search.link, Source.PROJECT, search.workshop.run)
    return engine if engine and _serves(engine) else None


def _in_cache(search: EngineSearch) -> Engine | None:
    cached = search.cache.get(ENTRY)
    return Engine(cached, str(PIN), Source.CACHE) if cached else None


def _make(search: EngineSearch, progress: Progress) -> Engine:
    failures: list[str] = []
    for source, fill in ((Source.INSTALLER, _install), (Source.BUILT, _build)):
        try:
            path = search.cache.make(ENTRY, partial(fill, search, progress), progress)
        except CommandError as error:
            failures.append(f"{source}: {error}")
        else:
            return Engine(path, str(PIN), source)
    raise EngineMissingError(
        f"no Pulumi engine {PIN} could be had ({'; '.join(failures)}); "
        f"install pulumi {PIN} or newer and put it on PATH, or set {OVERRIDE} to its path"
    )


def _install(search: EngineSearch, progress: Progress, folder: Path) -> None:
    search.installer(folder, str(PIN), search.workshop.run, progress)
    _check(folder, search.workshop.run)


def _build(search: EngineSearch, progress: Progress, folder: Path) -> None:
    workshop = search.workshop
    program = GoProgram(
        title=f"the Pulumi engine {PIN}",
        module=workshop.modules,
        package=_PACKAGE,
        variables={_VERSION_VARIABLE: f"v{PIN}"},
        environment={"CGO_ENABLED": "0"},
    )
    GoBuild(program, workshop.toolchain(progress), workshop.run, progress).into(folder / "pulumi")
    _check(folder, workshop.run)


def _check(folder: Path, run: Runner) -> None:
    program = ENTRY.program_in(folder)
    engine = _asked(program, Source.CACHE, run) if program else None
    if engine is None or engine.version != str(PIN):
        raise CommandError(f"what came of it says to be version {engine.version if engine else 'none'}, not {PIN}")


def _asked(path: Path, source: Source, run: Runner) -> Engine | None:
    if not is_program(path):
        return None
    try:
        answer = run(Command([str(path), "version"], _QUESTION, {"PULUMI_SKIP_UPDATE_CHECK": "true"}))
    except CommandError:
        return None
    # Warnings come in lines of their own, and may name other versions.
    version = next(filter(None, (find_version(line) for line in answer.splitlines() if line.startswith("v"))), None)
    # The engine is run in another folder than this process's.
    return Engine(path.absolute(), str(version), source) if version else None


def _serves(engine: Engine) -> bool:
    version = find_version(engine.version)
    return version is not None and version.serves_for(PIN)


def _link(link: Path, target: Path) -> None:
    link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    try:
        fresh.symlink_to(target)
    except OSError:
        shutil.copy2(target, fresh)
    fresh.replace(link)
