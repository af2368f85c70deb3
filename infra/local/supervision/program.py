import os
import shlex
import sys
from pathlib import Path

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs
from infra.local.leftovers import PROCESS_VARIABLE, STACK_VARIABLE

_LOG_BYTES = "10MB"
_LOG_BACKUPS = 3
_START_RETRIES = 5


def process_marker(folder: StackFolder, name: str) -> str:
    """The value of `FOREBAY_PROCESS` in the environment of a process and its children."""
    return f"{folder.marker}:{name}"


def program_path(folder: StackFolder, name: str) -> Path:
    """The file in supervisor's include folder that defines the process."""
    return folder.processes / f"{name}.ini"


def render_program(folder: StackFolder, process: ProcessInputs) -> str:
    """The process as a section of supervisor's configuration (https://supervisord.org/configuration.html)."""
    settings = {
        "command": _command(process),
        "directory": str(folder.root),
        "environment": _environment(folder, process),
        "autostart": "true",
        "autorestart": "true",
        "startsecs": "1",
        "startretries": str(_START_RETRIES),
        "stopsignal": process.stop_signal,
        "stopwaitsecs": str(process.stop_seconds),
        "stopasgroup": "true",
        "killasgroup": "true",
        "redirect_stderr": "true",
        # Relative, since supervisor expands percent signs in this one twice.
        "stdout_logfile": str((folder.logs / f"{process.name}.log").relative_to(folder.root)),
        "stdout_logfile_maxbytes": _LOG_BYTES,
        "stdout_logfile_backups": str(_LOG_BACKUPS),
    }
    lines = [f"{key}={_escape(value)}" for key, value in settings.items()]
    return "\n".join([f"[program:{process.name}]", *lines, ""])


def _command(process: ProcessInputs) -> str:
    secrets = [f"--secret={name}={file}" for name, file in sorted(process.secret_environment.items())]
    return shlex.join([sys.executable, "-I", "-m", "infra.local.launch", *secrets, "--", *process.command])


def _environment(folder: StackFolder, process: ProcessInputs) -> str:
    values = {
        **process.environment,
        STACK_VARIABLE: folder.marker,
        PROCESS_VARIABLE: process_marker(folder, process.name),
    }
    return ",".join(f'{name}="{value}"' for name, value in sorted(values.items()))


def minimal_environment() -> dict[str, str]:
    """What every process may see of the user's environment: nothing that could be a secret."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "SSL_CERT_FILE", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _escape(value: str) -> str:
    return value.replace("%", "%%")
