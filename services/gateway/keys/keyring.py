"""The keys that this process knows: a snapshot of the store, looked over in the background.

Requests with a known key never wait for the store. The snapshot serves for a while when the store is gone, and then no
longer, since a revoked key must not live for ever. A key that is not in the snapshot has the store looked at once, at
most a few times a second, so that a new key works at once and junk cannot keep the store busy.
"""

import asyncio
from dataclasses import dataclass

from services.gateway.clock import Clock
from services.gateway.errors import KeyStoreUnavailableError, UnauthenticatedError
from services.gateway.keys.format import KeyParts, parse_key
from services.gateway.keys.principal import Principal
from services.gateway.keys.record import KeyRecord
from services.gateway.keys.store import KeyStore, KeyStoreLostError
from services.gateway.telemetry.events import Events

_WHAT_TO_DO = "send the header `Authorization: Bearer fb_...` with a valid key"
_SOONEST_LOOK = 0.2


@dataclass(frozen=True, slots=True)
class KeyringTerms:
    """Seconds between looks at the store, and for how long a snapshot serves without one."""

    refresh: float
    lifetime: float


class Keyring:
    """Knows whose a credential is; run `watch` in a task of its own."""

    def __init__(self, store: KeyStore, pepper: bytes, terms: KeyringTerms, clock: Clock, events: Events) -> None:
        self._store = store
        self._pepper = pepper
        self._terms = terms
        self._clock = clock
        self._events = events
        self._records: dict[str, KeyRecord] = {}
        self._version: int | None = None
        self._seen_at: float | None = None
        self._looked_at = float("-inf")
        self._is_lost = False
        self._look = asyncio.Lock()

    @property
    def is_ready(self) -> bool:
        """Whether keys can be judged now."""
        return self._seen_at is not None and self._clock.now() - self._seen_at < self._terms.lifetime

    async def identify(self, credential: str | None) -> Principal:
        """Say whose a bearer token is.

        Raises:
            UnauthenticatedError: None, malformed, unknown, wrong, expired or disabled; which of them is not told.
            KeyStoreUnavailableError: The store is gone and the key is unknown, or the snapshot too old.
        """
        if not credential:
            raise UnauthenticatedError(f"no API key was sent; {_WHAT_TO_DO}")
        parts = parse_key(credential)
        if parts is None:
            raise UnauthenticatedError(f"the API key is not valid; {_WHAT_TO_DO}")
        record = self._records.get(parts.key_id) if self.is_ready else None
        if record is None:
            record = await self._found(parts)
        if record is None or not record.matches(parts, self._pepper) or not record.is_valid(self._clock.wall()):
            raise UnauthenticatedError(f"the API key is not valid; {_WHAT_TO_DO}")
        return Principal(parts.key_id, record.role)

    async def watch(self) -> None:
        """Look at the store for ever."""
        while True:
            await self.refresh()
            await self._clock.sleep(self._terms.refresh)

    async def aclose(self) -> None:
        await self._store.aclose()

    async def refresh(self) -> bool:
        """Bring the snapshot up to date; False when the store cannot be asked. Never raises."""
        async with self._look:
            self._looked_at = self._clock.now()
            try:
                version = await self._store.version()
                if version != self._version or self._seen_at is None:
                    self._records = await self._store.all()
                    self._version = version
            except KeyStoreLostError as error:
                self._note(is_lost=True, reason=str(error))
                return False
            self._seen_at = self._clock.now()
            self._note(is_lost=False)
            return True

    async def _found(self, parts: KeyParts) -> KeyRecord | None:
        if self._clock.now() - self._looked_at >= _SOONEST_LOOK:
            await self.refresh()
        if self._is_lost or not self.is_ready:
            raise KeyStoreUnavailableError("API keys cannot be checked now; try again in a moment", retry_after=1.0)
        return self._records.get(parts.key_id)

    def _note(self, *, is_lost: bool, reason: str = "") -> None:
        if is_lost and not self._is_lost:
            self._events.warning("gateway.keys.store_lost", reason=reason, known_keys=len(self._records))
        if self._is_lost and not is_lost:
            self._events.info("gateway.keys.store_back", known_keys=len(self._records))
        self._is_lost = is_lost
