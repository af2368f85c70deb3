import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from infra.local.leftovers import STACK_VARIABLE, marked, sweep
from tests.e2e.local_stack import LocalStack
from tests.ollama.fixtures import TINY_MODEL, ollama_program, tiny_model
from tests.ollama.server import OllamaServer

__all__ = ["ollama_program", "tiny_model"]

MakeStack = Callable[[str, Path, int], LocalStack]


@pytest.fixture(scope="session")
def make_stack(project: Path) -> Iterator[MakeStack]:
    """A project folder with one of the committed stack files, its ports moved; ended with the session."""
    made: list[LocalStack] = []

    def make(name: str, folder: Path, base: int) -> LocalStack:
        document = yaml.safe_load((project / "stacks" / f"Pulumi.{name}.yaml").read_text())
        settings = document["config"]["forebay:settings"]
        settings["ports"] = {"balancer": base, "block": base + 1}
        stack = LocalStack(folder, name)
        stack.write_settings(settings)
        made.append(stack)
        return stack

    yield make
    for stack in made:
        _end(stack)


@pytest.fixture(scope="session")
def ollama_models(ollama_program: Path, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of Ollama models, as a user's own, with the tiny model in it."""
    folder = tmp_path_factory.mktemp("ollama")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    server = OllamaServer(ollama_program, folder, port)
    server.start()
    try:
        server.create(TINY_MODEL, tiny_model, {"num_predict": 24, "num_ctx": 512, "temperature": 0, "seed": 7})
    finally:
        server.stop()
    return folder / "models"


@pytest.fixture(scope="session")
def local(
    make_stack: MakeStack, ollama_program: Path, ollama_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> LocalStack:
    """The stack `local`, not yet up, on a machine with an Ollama; its alias `tiny` asks Ollama first."""
    stack = make_stack("local", tmp_path_factory.mktemp("project"), 28_000)
    settings = stack.settings
    settings["aliases"] = {
        "chat": {"providers": {"remote_gpu": "sim-8b"}},
        "tiny": {"providers": {"ollama_local": TINY_MODEL, "remote_gpu": "sim-8b"}},
        "embed": settings["aliases"]["embed"],
        "sentiment": settings["aliases"]["sentiment"],
    }
    settings["models"] = {
        TINY_MODEL: {"served_by": "ollama_local", "parameters": "0.001B", "weight_bits": 16, "context": 512}
    }
    settings["ollama"] = {"mode": "auto", "models": [TINY_MODEL]}
    settings["gateway"]["chain"] = ["ollama_local", "remote_gpu", "local_stub"]
    stack.write_settings(settings)
    path = os.pathsep.join([str(ollama_program.parent), os.environ["PATH"]])
    return replace(stack, environment={"PATH": path, "OLLAMA_MODELS": str(ollama_models)})


@pytest.fixture(scope="session")
def timing_slack() -> float:
    """Bounds on time are three times those stated, but for `make prove`."""
    return 1.0 if os.environ.get("FOREBAY_PROVE") == "1" else 3.0


def _end(stack: LocalStack) -> None:
    sweep(lambda: marked(STACK_VARIABLE, stack.folder.marker))
    shutil.rmtree(stack.folder.run, ignore_errors=True)
