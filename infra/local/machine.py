import hmac
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.local.folder import StackFolder
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
        provider_keys: A digest of the hosted providers' keys that were handed over, so that gateways learn of new ones.
    """

    ollama_url: str | None
    ollama_binary: str | None
    ollama_models: str
    provider_keys: str = ""


def look_around(folder: StackFolder) -> Machine:
    """This machine as it is now, and what of the stack is on it already."""
    is_running = probe(Readiness(http=f"{_RUNNING}/api/version"))()
    return Machine(
        ollama_url=_RUNNING if is_running else None,
        ollama_binary=_new_enough(shutil.which("ollama")),
        ollama_models=os.environ.get("OLLAMA_MODELS") or str(Path.home() / ".ollama" / "models"),
        provider_keys=_digest_of_keys(folder),
    )


def _digest_of_keys(folder: StackFolder) -> str:
    # Under a random secret that is there before the first `up`, since the digest is kept and a key may be guessed at.
    pepper = folder.root / "passphrase"
    keys = [file.read_bytes() for file in sorted(folder.secrets.glob("*_api_key"))]
    if not keys or not pepper.exists():
        return ""
    return hmac.digest(pepper.read_bytes(), b"\0".join(keys), "sha256").hex()[:16]


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
