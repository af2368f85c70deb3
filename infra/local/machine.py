import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from infra.local.inputs import Readiness
from infra.local.readiness import probe

_RUNNING = "http://127.0.0.1:11434"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a local stack finds on this machine and takes into account.

    Attributes:
        ollama_url: An Ollama that already runs here; it is used and left alone.
        ollama_binary: An Ollama that could be started.
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
        ollama_binary=shutil.which("ollama"),
        ollama_models=os.environ.get("OLLAMA_MODELS") or str(Path.home() / ".ollama" / "models"),
    )
