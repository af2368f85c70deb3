import pytest

from forebay.tools.version import Version, find_version


@pytest.mark.parametrize(
    ("printed", "version"),
    [
        ("v3.250.0", Version(3, 250, 0)),
        ("go version go1.26.8 linux/amd64", Version(1, 26, 8)),
        ("go1.26", Version(1, 26, 0)),
        ("Warning: could not connect\nWarning: client version is 0.20.7", Version(0, 20, 7)),
        ("git version 2.39.5", Version(2, 39, 5)),
        ("v3.251.0-alpha.1+dirty", Version(3, 251, 0)),
    ],
)
def test_the_version_is_found_in_what_a_program_prints(printed: str, version: Version) -> None:
    assert find_version(printed) == version


@pytest.mark.parametrize("printed", ["", "no version", "7"])
def test_no_version_is_found_where_there_is_none(printed: str) -> None:
    assert find_version(printed) is None


@pytest.mark.parametrize(
    ("have", "serves"),
    [
        (Version(3, 250, 0), True),
        (Version(3, 250, 1), True),
        (Version(3, 272, 0), True),
        (Version(3, 249, 9), False),
        (Version(4, 0, 0), False),
        (Version(2, 999, 0), False),
    ],
)
def test_a_version_serves_for_an_older_one_of_its_major(have: Version, serves: bool) -> None:  # noqa: FBT001 - a table
    assert have.serves_for(Version(3, 250, 0)) is serves
