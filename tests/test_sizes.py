import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

MOST_LINES_OF_A_FILE = 500
MOST_LINES_OF_A_FUNCTION = 60


def _python_files(project: Path) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=project,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    return [project / name for name in listed.stdout.splitlines() if (project / name).exists()]


def _long_functions(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            length = node.end_lineno - node.lineno + 1
            if length > MOST_LINES_OF_A_FUNCTION:
                yield f"{path.name}:{node.lineno} {node.name}: {length} lines"


def test_no_file_passes_500_lines(project: Path) -> None:
    files = _python_files(project)

    assert files
    assert [f"{path}" for path in files if len(path.read_text().splitlines()) > MOST_LINES_OF_A_FILE] == []


def test_no_function_passes_60_lines(project: Path) -> None:
    assert [found for path in _python_files(project) for found in _long_functions(path)] == []
