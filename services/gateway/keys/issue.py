from collections.abc import Callable
from dataclasses import dataclass, field

from services.gateway.keys.format import KEY_ID_LENGTH, PREFIX, SECRET_LENGTH, KeyParts
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.record import KeyRecord, digest_of

_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"
_SECRET_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + _ID_ALPHABET
_BITS = 64


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A new key; `text` is shown or stored once and cannot be had again."""

    key_id: str
    text: str = field(repr=False)
    record: KeyRecord


@dataclass(frozen=True, slots=True)
class KeyTerms:
    """What a new key is for; `expires` in epoch seconds."""

    role: KeyRole
    created: float
    expires: float | None = None


def issue_key(terms: KeyTerms, pepper: bytes, random_bytes: Callable[[int], bytes]) -> IssuedKey:
    """Make a key and its record.

    Args:
        terms: Role and times.
        pepper: The secret of `pepper_file`, stripped of white space.
        random_bytes: A cryptographic source such as `secrets.token_bytes`.
    """
    key_id = _text(KEY_ID_LENGTH, _ID_ALPHABET, random_bytes)
    secret = _text(SECRET_LENGTH, _SECRET_ALPHABET, random_bytes)
    record = KeyRecord(digest_of(KeyParts(key_id, secret), pepper), terms.role, terms.created, terms.expires)
    return IssuedKey(key_id, f"{PREFIX}_{key_id}_{secret}", record)


def _text(length: int, alphabet: str, random_bytes: Callable[[int], bytes]) -> str:
    # Eight bytes a character, so that the remainder favours no letter measurably.
    numbers = (int.from_bytes(random_bytes(_BITS // 8)) for _ in range(length))
    return "".join(alphabet[number % len(alphabet)] for number in numbers)
