from typing import NamedTuple


class Words(NamedTuple):
    """An operation as people say it."""

    sign: str
    doing: str
    done: str


_WORDS = {
    "create": Words("+", "creating", "created"),
    "update": Words("~", "updating", "updated"),
    "delete": Words("-", "deleting", "deleted"),
    "replace": Words("±", "replacing", "replaced"),
    "import": Words("=", "importing", "imported"),
}


def words(operation: str) -> Words:
    """The words for one of the engine's operations."""
    return _WORDS.get(operation, Words("*", operation, operation))


def seconds(amount: float) -> str:
    """A time for people: `0.4 s`, `12.1 s`, `2 min 5 s`."""
    minutes, rest = divmod(amount, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{rest:.1f} s"


def mebibytes(amount: int) -> str:
    """Memory for people: `48 MiB`."""
    return f"{amount / 2**20:.0f} MiB"


def count(amount: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 gateway`, `2 gateways`, `2 balancers`."""
    return f"{amount} {one if amount == 1 else many or one + 's'}"
