import re
from typing import NamedTuple

_NUMBERS = re.compile(r"(?<![\d.])v?(\d+)\.(\d+)(?:\.(\d+))?")


class Version(NamedTuple):
    """A release's number, ordered as releases are; pre-release marks are not kept."""

    major: int
    minor: int
    patch: int = 0

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    def serves_for(self, wanted: "Version") -> bool:
        """Whether a program of this version does for one that was made for `wanted`: same major, not older."""
        return self.major == wanted.major and self >= wanted


def find_version(text: str) -> Version | None:
    """The first version number in what a program printed, as `v3.250.0` or `go version go1.26.8 linux/amd64`."""
    match = _NUMBERS.search(text)
    if match is None:
        return None
    major, minor, patch = match.groups(default="0")
    return Version(int(major), int(minor), int(patch))
