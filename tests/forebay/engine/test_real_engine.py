import importlib.metadata
import subprocess
import sys
from pathlib import Path

import pytest

from forebay.engine.find import PIN, EngineSearch, find_engine
from forebay.tools.progress import unheard
from forebay.tools.version import find_version


@pytest.mark.engine
@pytest.mark.timeout(1800)  # a first run may have to build it
def test_the_engine_of_this_machine_answers_with_the_version_that_was_found(project: Path) -> None:
    engine = find_engine(EngineSearch.of_this_machine(project), unheard)

    answer = subprocess.run([engine.path, "version"], capture_output=True, text=True, check=True, timeout=30)

    version = find_version(answer.stdout)
    assert version is not None
    assert str(version) == engine.version
    assert version.serves_for(PIN)


def test_the_sdk_the_module_and_the_pin_are_one_version(project: Path) -> None:
    module = (project / "tools" / "go.mod").read_text()

    assert importlib.metadata.version("pulumi") == str(PIN)
    assert f"github.com/pulumi/pulumi/pkg/v3 v{PIN} " in module
    assert f"github.com/pulumi/pulumi/sdk/v3 v{PIN} " in module


def test_finding_an_engine_does_not_load_the_sdk() -> None:
    program = "import sys, forebay.engine.find; print(*sys.modules)"

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)

    loaded = {name.partition(".")[0] for name in answer.stdout.split()}
    assert "forebay" in loaded
    assert loaded.isdisjoint({"pulumi", "psutil", "pydantic"})
