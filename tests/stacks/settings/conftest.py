from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

EditedSettings = Callable[..., dict[str, Any]]


@pytest.fixture
def stacks_folder(project: Path) -> Path:
    """Where the four stack files lie."""
    return project / "stacks"


@pytest.fixture
def edited(stacks_folder: Path) -> EditedSettings:
    """Return a stack's settings as its file has them, with keys (parts separated by /) set or removed."""

    def edit(stack: str, changes: Mapping[str, object] | None = None, removed: tuple[str, ...] = ()) -> dict[str, Any]:
        document = yaml.safe_load((stacks_folder / f"Pulumi.{stack}.yaml").read_text())
        settings: dict[str, Any] = document["config"]["forebay:settings"]
        for key, value in (changes or {}).items():
            section, name = _section_of(settings, key)
            section[name] = value
        for key in removed:
            section, name = _section_of(settings, key)
            del section[name]
        return settings

    return edit


def _section_of(settings: dict[str, Any], key: str) -> tuple[dict[str, Any], str]:
    *parents, name = key.split("/")
    section = settings
    for parent in parents:
        section = section.setdefault(parent, {})
    return section, name
