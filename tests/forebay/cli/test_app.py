import json
import subprocess
import sys
from pathlib import Path

import pytest

from forebay.errors import exit_codes
from tests.forebay.cli.conftest import Desk

_COMMANDS = ["up", "preview", "down", "status", "logs", "doctor", "settings show", "settings schema"]

_HEAVY = {"pulumi", "ray", "pydantic", "yaml", "grpc", "psutil", "redis", "aiohttp", "fastapi", "numpy", "supervisor"}


def test_help_lists_the_commands_and_every_exit_code(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.run("--help") == 0

    said = capsys.readouterr().out
    assert [
        name for name in ("up", "preview", "down", "status", "logs", "doctor", "settings") if name not in said
    ] == []
    assert [line for line in exit_codes() if f"{line.code}  {line.meaning[:40]}" not in said] == []


@pytest.mark.parametrize("command", _COMMANDS)
def test_each_command_has_examples_of_itself_in_its_help(
    desk: Desk, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert desk.run(*command.split(), "--help") == 0

    said = capsys.readouterr().out
    examples = said.partition("Examples:")[2].partition("Exit codes:")[0]
    assert f"forebay {command}" in examples
    assert "--json" in said


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from forebay.__main__ import main\ntry: main()\nfinally: print(*sys.modules, file=sys.stderr)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, "--help"], capture_output=True, text=True, timeout=60, check=True
    )

    assert "Usage: forebay" in done.stdout
    assert {module.partition(".")[0] for module in done.stderr.split()} & _HEAVY == set()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["upp"], 'Unknown command "upp"'),
        (["up", "--targett", "local"], "Unknown option"),
        (["up", "--target", "gcp"], 'Choose from: "local", "aws", "kubernetes"'),
        (["logs", "--lines", "-1"], "Must be >= 0"),
        (["up", "dev", "prod"], "prod"),
    ],
)
def test_a_wrong_command_line_is_one_sentence_and_exit_code_2(desk: Desk, arguments: list[str], sentence: str) -> None:
    assert desk.run(*arguments) == 2

    assert sentence in desk.complained
    assert desk.complained.count("\n") == 1
    assert desk.said == ""


def test_a_wrong_command_line_with_json_is_a_document(desk: Desk) -> None:
    assert desk.run("up", "--json", "--targett", "x") == 2

    assert (desk.document["ok"], desk.document["error"]["code"]) == (False, "usage")


def test_completion_is_installed_for_a_shell(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    script = tmp_path / "forebay.bash"

    assert desk.run("--install-completion", "--shell", "bash", "--output", str(script)) == 0

    assert "preview" in script.read_text()


def _forebay(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [str(Path(sys.executable).with_name("forebay")), *arguments, "--project", str(project)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_installed_command_shows_settings_and_refuses_wrong_ones(stack_project: Path) -> None:
    shown = _forebay(stack_project, "settings", "show", "--json")
    file = stack_project / "stacks" / "Pulumi.local.yaml"
    file.write_text(file.read_text().replace("balancer: 8080", "balancer: eighty"))
    refused = _forebay(stack_project, "up")

    assert json.loads(shown.stdout)["settings"]["ports"]["balancer"] == 8080
    assert refused.returncode == 2
    assert "ports.balancer" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (stack_project / ".forebay").exists()


def test_the_installed_command_tells_of_a_stack_that_does_not_run(stack_project: Path) -> None:
    done = _forebay(stack_project, "status", "--json")

    assert done.returncode == 0
    assert json.loads(done.stdout)["health"] == "not running"


def test_a_reader_that_has_had_enough_is_no_error_to_complain_about(stack_project: Path) -> None:
    command = [str(Path(sys.executable).with_name("forebay")), "settings", "schema", "--project", str(stack_project)]

    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (process.returncode, said) == (141, "")
