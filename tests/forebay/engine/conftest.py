from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def write_program() -> Callable[[Path, str], Path]:
    """Writes a shell script at a path, with the folders above it."""

    def write(path: Path, script: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write
