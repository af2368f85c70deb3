"""The official installer, bounded in time.

`PulumiCommand.install` has no time limits of its own, and a network that swallows packets would hold it for
minutes. So it runs in a process that can be ended. Before that a second one, ended within seconds, asks for the
installer's script alone; only if it comes may the download take its time.
"""

import sys
import urllib.request
from datetime import timedelta
from pathlib import Path

from forebay.tools.command import Command, CommandError, Runner
from forebay.tools.progress import Advance, Progress

_SCRIPT = "https://get.pulumi.com/install.sh"
_PROBE_SECONDS = 5.0
_PROBE = timedelta(seconds=8)
_INSTALLATION = timedelta(minutes=15)


def install_engine(folder: Path, version: str, run: Runner, progress: Progress) -> None:
    """Have the official installer put the engine into the folder, as `bin/pulumi`.

    Raises:
        CommandError: If its host cannot be reached within seconds, or it fails.
    """
    progress(Advance("asking for the official Pulumi engine"))
    module = [sys.executable, "-m", "forebay.engine.installer"]
    try:
        run(Command([*module, "probe"], _PROBE))
    except CommandError:
        raise CommandError("its host cannot be reached") from None
    progress(Advance("downloading the official Pulumi engine", version))
    run(Command([*module, str(folder), version], _INSTALLATION))


def main(arguments: list[str]) -> None:
    """`probe`, or a folder and a version: one step, in the process that may be ended at any time."""
    if arguments == ["probe"]:
        with urllib.request.urlopen(_SCRIPT, timeout=_PROBE_SECONDS) as answer:
            answer.read(1)
        return
    from pulumi.automation import PulumiCommand  # noqa: PLC0415 - the probe does without
    from semver import VersionInfo  # noqa: PLC0415 - comes with pulumi

    folder, version = arguments
    PulumiCommand.install(root=folder, version=VersionInfo.parse(version))


if __name__ == "__main__":
    main(sys.argv[1:])
