import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.serving.config.application import APPLICATIONS
from services.serving.config.render import ServeSettings, canonical, render

EVERY_KIND: list[dict[str, Any]] = [
    {"kind": "simulated-llm", "name": "chat", "route_prefix": "/chat"},
    {"kind": "embeddings", "name": "embeddings", "route_prefix": "/embeddings", "replicas": {"min_replicas": 0}},
    {
        "kind": "classifier",
        "name": "classifier",
        "route_prefix": "/classifier",
        "args": {"examples": {"a": ["x"], "b": ["y"]}},
        "labels": {"pool": "spot"},
    },
    {"kind": "llm", "name": "llm", "route_prefix": "/llm", "model": "qwen", "source": "Qwen/Qwen2.5-7B-Instruct"},
    {
        "kind": "custom",
        "name": "own",
        "route_prefix": "/own",
        "model": "own",
        "import_path": "acme.models:build",
        "deployment": "Own",
    },
]


def validate(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.serving.validate", *arguments]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


@pytest.mark.ray
def test_every_kind_of_rendered_application_passes_rays_own_schema(tmp_path: Path) -> None:
    path = tmp_path / "serve.json"
    path.write_bytes(canonical(render(APPLICATIONS.validate_python(EVERY_KIND), ServeSettings(port=18110))))
    result = validate(str(path))
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.ray
def test_each_error_is_one_sentence_with_key_and_value(tmp_path: Path) -> None:
    path = tmp_path / "serve.yaml"
    wrong = {
        "http_options": {"port": "soon"},
        "applications": [{"name": "a", "import_path": "x", "route_prefix": "/a"}],
    }
    path.write_text(json.dumps(wrong))
    result = validate(str(path))
    lines = result.stderr.splitlines()
    assert result.returncode == 2
    assert len(lines) == 2
    assert any(line.startswith("http_options.port: ") and '"soon"' in line for line in lines)
    assert any(line.startswith("applications.0") for line in lines)


@pytest.mark.parametrize(("content", "reason"), [("{", "neither JSON nor YAML"), ("- a", "must hold a mapping")])
def test_a_file_that_is_no_configuration_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    path = tmp_path / "serve.yaml"
    path.write_text(content)
    result = validate(str(path))
    assert (result.returncode, reason in result.stderr, len(result.stderr.splitlines())) == (2, True, 1)


def test_no_file_and_no_argument_are_refused(tmp_path: Path) -> None:
    missing = validate(str(tmp_path / "none.json"))
    assert (missing.returncode, "cannot be read" in missing.stderr) == (2, True)
    assert validate().returncode == 2
