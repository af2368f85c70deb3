import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.gateway.keys.format import KeyParts
from services.gateway.keys.principal import KeyRole


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What is stored of a key.

    Attributes:
        digest: HMAC-SHA256 of id and secret under the pepper, in hex.
        created: Epoch seconds.
        expires: Epoch seconds, or None for never.
    """

    digest: str = field(repr=False)
    role: KeyRole
    created: float
    expires: float | None = None
    disabled: bool = False

    def is_valid(self, wall: float) -> bool:
        return not self.disabled and (self.expires is None or wall < self.expires)

    def matches(self, parts: KeyParts, pepper: bytes) -> bool:
        """Whether the key is this one; takes the same time wherever it differs."""
        return hmac.compare_digest(self.digest, digest_of(parts, pepper))

    def to_fields(self) -> dict[str, str]:
        """The fields of the store's hash."""
        return {
            "digest": self.digest,
            "role": self.role.value,
            "created": repr(self.created),
            "expires": "" if self.expires is None else repr(self.expires),
            "disabled": "1" if self.disabled else "0",
        }

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> "KeyRecord":
        """Read the store's hash.

        Raises:
            ValueError: A field is missing or wrong; such a key is treated as unknown.
        """
        try:
            return cls(
                digest=fields["digest"],
                role=KeyRole(fields["role"]),
                created=float(fields["created"]),
                expires=float(fields["expires"]) if fields["expires"] else None,
                disabled=fields["disabled"] != "0",
            )
        except KeyError as error:
            raise ValueError(f"a key's record lacks {error}") from None


def digest_of(parts: KeyParts, pepper: bytes) -> str:
    """The stored form of a key; the id is hashed along, so that digests cannot be swapped between records."""
    return hmac.new(pepper, f"{parts.key_id}_{parts.secret}".encode(), hashlib.sha256).hexdigest()
