import re
from collections.abc import Iterator

from services.gateway import errors
from services.gateway.errors import GatewayError


def _drawn() -> list[tuple[int, str]]:
    lines = (errors.__doc__ or "").splitlines()
    found = (re.fullmatch(r"((?:[│ ]{4}|[├└]── )*)(\w+Error)", line) for line in lines)
    return [(len(match[1]) // 4, match[2]) for match in found if match]


def _walked(kind: type[GatewayError], depth: int = 0) -> Iterator[tuple[int, str]]:
    yield depth, kind.__name__
    for child in kind.__subclasses__():
        yield from _walked(child, depth + 1)


def test_the_tree_in_the_docstring_is_the_tree_of_classes() -> None:
    drawn = _drawn()

    assert len(drawn) > 20
    assert sorted(_paths(drawn)) == sorted(_paths(list(_walked(GatewayError))))


def _paths(tree: list[tuple[int, str]]) -> list[str]:
    path: list[str] = []
    paths = []
    for depth, name in tree:
        path = [*path[:depth], name]
        paths.append("/".join(path))
    return paths


def test_every_class_has_a_client_error_or_server_error_status_and_a_code_of_its_words() -> None:
    for _, name in _walked(GatewayError):
        kind = getattr(errors, name)
        assert 400 <= kind.status < 600
        assert re.fullmatch(r"[a-z_]+", kind.code)
