import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from forebay.tools.command import Command, run
from forebay.tools.go import GoWorkshop
from forebay.tools.ollama import LEAST_OLLAMA, find_ollama
from tests.ollama.server import OllamaServer
from tests.ollama.tiny_model import words

# A first run may have to build Ollama.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


def test_it_is_new_enough(ollama_program: Path) -> None:
    found = find_ollama(GoWorkshop.of_this_machine())

    assert found is not None
    assert found.path == ollama_program
    assert found.version >= LEAST_OLLAMA
    answer = run(Command([str(ollama_program), "--version"], timedelta(seconds=10)))
    assert str(found.version) in answer


def test_its_path_is_told_to_a_script(ollama_program: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "forebay.tools.ollama"], capture_output=True, text=True, check=True, timeout=60
    )

    assert answer.stdout == f"{ollama_program}\n"


def test_the_tiny_model_answers_in_its_words(ollama_server: OllamaServer) -> None:
    answer = ollama_server.post("/api/generate", {"model": "tiny", "prompt": "Say something.", "stream": False})

    assert answer["done"] is True
    assert answer["done_reason"] == "length"
    assert answer["eval_count"] == 24
    said = answer["response"].split()
    assert len(said) == 24
    assert set(said) <= set(words())


def test_the_same_prompt_gets_the_same_answer(ollama_server: OllamaServer) -> None:
    chat: dict[str, object] = {"model": "tiny", "messages": [{"role": "user", "content": "Again?"}], "stream": False}

    first = ollama_server.post("/api/chat", chat)["message"]
    second = ollama_server.post("/api/chat", chat)["message"]

    assert first["content"].strip()
    assert first == second


def test_it_streams_word_by_word(ollama_server: OllamaServer) -> None:
    chat: dict[str, object] = {"model": "tiny", "messages": [{"role": "user", "content": "Go on."}]}

    pieces = list(ollama_server.stream("/api/chat", chat))

    assert [piece["done"] for piece in pieces[:-1]] == [False] * (len(pieces) - 1)
    assert pieces[-1]["done"] is True
    assert pieces[-1]["done_reason"] == "length"
    assert len([piece for piece in pieces if piece["message"]["content"]]) > 10


def test_started_again_it_has_its_model(ollama_server: OllamaServer) -> None:
    ollama_server.stop()
    with pytest.raises(OSError, match="refused"):
        ollama_server.post("/api/generate", {"model": "tiny", "prompt": "There?"})

    ollama_server.start()

    assert ollama_server.post("/api/generate", {"model": "tiny", "prompt": "There?", "stream": False})["response"]


def test_stopping_ends_its_model_runners(ollama_server: OllamaServer) -> None:
    ollama_server.post("/api/generate", {"model": "tiny", "prompt": "Load.", "stream": False})
    leader = psutil.Process(ollama_server.process_id)
    family = [leader, *leader.children(recursive=True)]
    assert any("runner" in process.cmdline() for process in family)

    ollama_server.stop()

    assert psutil.wait_procs(family, timeout=10)[1] == []
