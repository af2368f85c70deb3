from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request as it arrived; header names in lower case, the last of equal ones wins."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool = True

    def json(self) -> dict[str, object] | None:
        """The body as a JSON object; an empty one where there is no body; None when it is anything else."""
        if not self.body:
            return {}
        try:
            decoded = msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None
        return decoded if isinstance(decoded, dict) else None
