"""What tests measure: printed at the end of every run, and kept in `docs/proof` by `make prove`."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

PROPERTY = "measured"


@dataclass(frozen=True)
class Measurement:
    """One figure.

    Attributes:
        suite: The folder of the test below `tests/`.
        bound: What it must not pass, as stated; None where nothing is promised.
    """

    suite: str
    test: str
    name: str
    value: float
    unit: str
    bound: float | None = None

    def __str__(self) -> str:
        bound = "" if self.bound is None else f" (at most {self.bound:g})"
        return f"{self.name}: {self.value:.4g} {self.unit}{bound}"


def of_report(nodeid: str, properties: Iterable[tuple[str, object]]) -> list[Measurement]:
    """The measurements that a test's report carries."""
    path, _, test = nodeid.partition("::")
    suite = Path(path).parts[1]
    return [
        Measurement(suite, test, **value) for name, value in properties if name == PROPERTY and isinstance(value, dict)
    ]


def write_proof(folder: Path, measurements: Iterable[Measurement]) -> None:
    """One JSON file a suite, and a page that shows all suites there are."""
    folder.mkdir(parents=True, exist_ok=True)
    suites: dict[str, list[Measurement]] = {}
    for one in measurements:
        suites.setdefault(one.suite, []).append(one)
    for suite, found in suites.items():
        content = {**_circumstances(), "measurements": [asdict(one) for one in found]}
        (folder / f"{suite}.json").write_text(json.dumps(content, indent=2) + "\n")
    (folder / "README.md").write_text(_page(folder))


def _circumstances() -> dict[str, object]:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
    }


def _page(folder: Path) -> str:
    lines = ["# What `make prove` last measured", "", "Generated; each figure is one that a test printed.", ""]
    for file in sorted(folder.glob("*.json")):
        content = json.loads(file.read_text())
        lines += [f"## {file.stem}", "", f"{content['date']}, commit {content['commit']}, {content['machine']}.", ""]
        lines += ["| measured | value | bound | test |", "| --- | --- | --- | --- |"]
        lines += [_row(one) for one in content["measurements"]] + [""]
    return "\n".join(lines)


def _row(one: Mapping[str, object]) -> str:
    bound = "" if one["bound"] is None else f"{one['bound']:g} {one['unit']}"
    return f"| {one['name']} | {one['value']:.4g} {one['unit']} | {bound} | `{one['test']}` |"
