import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.local.inputs import Readiness
from infra.local.readiness import probe

_LEAST_OLLAMA = (0, 17, 1)
_QUESTION_SECONDS = 5
_RUNNING = "http://127.0.0.1:11434"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a local stack finds on this machine and takes into account.

    Attributes:
        ollama_url: An Ollama that already runs here; it is used and left alone.
        ollama_binary: An Ollama that could be started; older ones than 0.17.1 let anyone read their memory
            (CVE-2026-7482) and do not count.
        ollama_models: The folder with the user's models.
    """

    ollama_url: str | None
    ollama_binary: str | None
    ollama_models: str


def look_around() -> Machine:
    """This machine as it is now."""
    is_running = probe(Readiness(http=f"{_RUNNING}/api/version"))()
    return Machine(
        ollama_url=_RUNNING if is_running else None,
        ollama_binary=_new_enough(shutil.which("ollama")),
        ollama_models=os.environ.get("OLLAMA_MODELS") or str(Path.home() / ".ollama" / "models"),
    )


def _new_enough(binary: str | None) -> str | None:
    if binary is None:
        return None
    try:
        said = subprocess.run(  # noqa: S603 - found on the user's own PATH
            [binary, "--version"], capture_output=True, text=True, check=False, timeout=_QUESTION_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", said.stdout)
    return binary if version and tuple(map(int, version.groups())) >= _LEAST_OLLAMA else None
