from dataclasses import dataclass
from enum import StrEnum


class KeyRole(StrEnum):
    """What a key may see: `user` asks models, `operator` also reads metrics, docs and the providers' health."""

    USER = "user"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking; holds no secret."""

    key_id: str
    role: KeyRole
