import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forebay.engine.find import EngineSearch, find_engine
from forebay.tools.progress import unheard
from infra.local.leftovers import STACK_VARIABLE, marked, sweep
from tests.engine.commands import SmallStack
from tests.engine.small_stack import Shape


@pytest.fixture(scope="session")
def engine(project: Path) -> Path:
    """The real Pulumi engine."""
    return find_engine(EngineSearch.of_this_machine(project), unheard).path


@pytest.fixture
def stack(tmp_path: Path, engine: Path) -> Iterator[SmallStack]:
    stack = SmallStack(tmp_path, engine)
    yield stack
    sweep(lambda: marked(STACK_VARIABLE, stack.folder.marker))
    shutil.rmtree(stack.folder.run, ignore_errors=True)


@pytest.fixture
def shape(free_port: Callable[[], int]) -> Shape:
    return Shape(ports=tuple(free_port() for _ in range(6)))
