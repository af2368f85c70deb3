import json
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_LONGEST_VALUE = 60


def shown(value: object) -> str:
    """Return ``value`` as YAML people wrote it, cut where it is long."""
    if value in ({}, [], ""):
        return "empty"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def listed(names: Iterable[object], last: str = "or") -> str:
    """Return ``a, b or c``."""
    *most, final = [str(name) for name in names]
    return f"{', '.join(most)} {last} {final}" if most else final


def suggestion(name: str, known: Sequence[str]) -> str | None:
    """Return the known name that ``name`` is probably meant to be."""
    return next(iter(get_close_matches(name, known, n=1, cutoff=0.55)), None)
