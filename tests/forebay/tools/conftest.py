from collections.abc import Callable
from pathlib import Path

import pytest

MakeProgram = Callable[[str, str], Path]


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """The only folder on the test's PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    return folder


@pytest.fixture
def program(bin_folder: Path) -> MakeProgram:
    """Writes a shell script under a name in the folder on PATH."""

    def write(name: str, script: str) -> Path:
        path = bin_folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    return write
