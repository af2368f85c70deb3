import re
from dataclasses import dataclass, field

PREFIX = "fb"
KEY_ID_LENGTH = 12
SECRET_LENGTH = 40
KEY_LENGTH = len(PREFIX) + KEY_ID_LENGTH + SECRET_LENGTH + 2
_KEY = re.compile(rf"{PREFIX}_([a-z0-9]{{{KEY_ID_LENGTH}}})_([A-Za-z0-9]{{{SECRET_LENGTH}}})", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyParts:
    """The two parts of `fb_<keyid>_<secret>`; the id is public, the secret is not."""

    key_id: str
    secret: str = field(repr=False)


def parse_key(text: str) -> KeyParts | None:
    """Split a key; None for anything that cannot be one. Length and charset come first, so that junk costs nothing."""
    if len(text) != KEY_LENGTH:
        return None
    match = _KEY.fullmatch(text)
    return KeyParts(match[1], match[2]) if match else None
