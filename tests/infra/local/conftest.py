import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.folder import StackFolder
from infra.local.leftovers import STACK_VARIABLE, marked, sweep
from infra.local.supervision.daemon import SupervisorDaemon


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StackFolder]:
    """A stack's folder; what runs in it when the test ends is ended."""
    folder = StackFolder(tmp_path / "stack")
    folder.create()
    yield folder
    sweep(lambda: marked(STACK_VARIABLE, folder.marker))
    shutil.rmtree(folder.run, ignore_errors=True)


@pytest.fixture
def supervised(folder: StackFolder) -> StackFolder:
    """A stack's folder with its supervisor running."""
    SupervisorDaemon(folder).start()
    return folder
