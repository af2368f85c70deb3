"""Fixtures for everything that wants a real Ollama: import them in a folder's conftest.py."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from forebay.tools.go import GoWorkshop
from forebay.tools.ollama import ensure_ollama
from forebay.tools.progress import unheard
from tests.ollama.server import OllamaServer
from tests.ollama.tiny_model import write_tiny_model

TINY_MODEL = "tiny"
"""The name of the model that `ollama_server` has."""

# Without a limit a model that never ends its text would fill its whole context.
_PARAMETERS: dict[str, object] = {"num_predict": 24, "num_ctx": 512, "temperature": 0, "seed": 7}


@pytest.fixture(scope="session")
def ollama_program() -> Path:
    """Ollama from PATH or the cache; built from its Go module where there is none, which takes minutes."""
    return ensure_ollama(GoWorkshop.of_this_machine(), unheard).path


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file with random weights."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    write_tiny_model(path)
    return path


@pytest.fixture
def ollama_server(
    ollama_program: Path, tiny_model: Path, tmp_path: Path, free_port: Callable[[], int]
) -> Iterator[OllamaServer]:
    """A real Ollama that has the tiny model; `stop` and `start` keep its port and models."""
    server = OllamaServer(ollama_program, tmp_path / "ollama", free_port())
    server.start()
    try:
        server.create(TINY_MODEL, tiny_model, _PARAMETERS)
        yield server
    finally:
        server.stop()
