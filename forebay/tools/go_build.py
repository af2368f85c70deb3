"""Building one Go program with progress that means something.

First the packages are listed, which fetches the modules that they are in: that is the time of downloads, told a
module at a time. The length of the list is then the total against which the names that `go build -v` prints are
counted. Go prints only what it compiles, so with a warm build cache the fraction jumps to the end instead of
creeping there. Both steps keep what they have done in Go's own caches: a build that was killed goes on where it
was.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from forebay.tools.command import Command, Runner
from forebay.tools.go import GoToolchain, build_environment
from forebay.tools.progress import Advance, Progress

_LISTING = timedelta(minutes=20)
_BUILD = timedelta(minutes=40)

_DOWNLOADING = "go: downloading "


@dataclass(frozen=True, slots=True)
class GoProgram:
    """A program in a Go module of ours.

    Attributes:
        title: What a person calls it, as `the Pulumi engine`.
        module: Folder with the `go.mod` and `go.sum` that lock it.
        package: Import path of its main package.
        variables: Values linked into string variables, by the variable's full name.
        environment: Added to the compiler's environment.
    """

    title: str
    module: Path
    package: str
    variables: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GoBuild:
    """One build of a program with a toolchain."""

    program: GoProgram
    go: GoToolchain
    run: Runner
    progress: Progress

    def into(self, output: Path) -> None:
        """Build the program and write it to `output`.

        Raises:
            CommandError: If a module cannot be fetched, the compiler fails or the time is over.
        """
        total = self._fetch()
        compiled = 0
        task = f"building {self.program.title}"

        def hear(line: str) -> None:
            nonlocal compiled
            if _is_package(line):
                compiled += 1
                self.progress(Advance(task, line, min(compiled / total, 1.0)))

        self.run(self._go("build", "-v", "-trimpath", "-ldflags", self._link_flags(), "-o", str(output)), hear)

    def _fetch(self) -> int:
        task = f"fetching the modules of {self.program.title}"
        self.progress(Advance(task))

        def hear(line: str) -> None:
            if line.startswith(_DOWNLOADING):
                self.progress(Advance(task, line.removeprefix(_DOWNLOADING)))

        listed = self.run(self._go("list", "-deps"), hear)
        return max(sum(map(_is_package, listed.splitlines())), 1)

    def _go(self, verb: str, *flags: str) -> Command:
        return Command(
            [str(self.go.path), verb, "-mod=readonly", *flags, self.program.package],
            _LISTING if verb == "list" else _BUILD,
            {**build_environment(os.environ), **self.program.environment},
            self.program.module,
        )

    def _link_flags(self) -> str:
        linked = [f"-X {name}={value}" for name, value in sorted(self.program.variables.items())]
        return " ".join(["-s", "-w", *linked])


def _is_package(line: str) -> bool:
    return bool(line) and not line.startswith(("go:", "#")) and " " not in line
