from typing import Protocol

from services.gateway.keys.record import KeyRecord


class KeyStoreLostError(Exception):
    """The store did not answer in time, or refused; the text is safe to log."""


class KeyStore(Protocol):
    """Where keys live. Every method raises `KeyStoreLostError` when the store cannot be asked."""

    async def version(self) -> int:
        """A number that changes with every change of any key."""
        ...

    async def all(self) -> dict[str, KeyRecord]:
        """Every key by id; unreadable records are left out."""
        ...

    async def put(self, key_id: str, record: KeyRecord) -> None:
        """Create or replace a key."""
        ...

    async def remove(self, key_id: str) -> None: ...

    async def aclose(self) -> None:
        """Close all connections; never raises."""
        ...


class MemoryKeyStore:
    """Keys of this process alone."""

    def __init__(self) -> None:
        self._records: dict[str, KeyRecord] = {}
        self._version = 0

    async def version(self) -> int:
        return self._version

    async def all(self) -> dict[str, KeyRecord]:
        return dict(self._records)

    async def put(self, key_id: str, record: KeyRecord) -> None:
        self._records[key_id] = record
        self._version += 1

    async def remove(self, key_id: str) -> None:
        self._records.pop(key_id, None)
        self._version += 1

    async def aclose(self) -> None:
        """Nothing is open."""
