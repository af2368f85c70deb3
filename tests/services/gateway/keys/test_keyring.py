import secrets

import pytest

from services.gateway.errors import KeyStoreUnavailableError, UnauthenticatedError
from services.gateway.keys.issue import IssuedKey, KeyTerms, issue_key
from services.gateway.keys.keyring import Keyring, KeyringTerms
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.record import KeyRecord
from services.gateway.keys.store import KeyStoreLostError, MemoryKeyStore
from tests.services.gateway.stand_ins import FrozenClock, RecordedEvents

PEPPER = b"pepper-of-a-test-only"


class LosableStore(MemoryKeyStore):
    def __init__(self) -> None:
        super().__init__()
        self.is_lost = False
        self.looks = 0

    async def version(self) -> int:
        self.looks += 1
        if self.is_lost:
            raise KeyStoreLostError("gone")
        return await super().version()


class Ring:
    def __init__(self) -> None:
        self.clock, self.events, self.store = FrozenClock(), RecordedEvents(), LosableStore()
        self.keyring = Keyring(self.store, PEPPER, KeyringTerms(5, 300), self.clock, self.events)

    async def issued(self, role: KeyRole = KeyRole.USER, lifetime: float | None = None) -> IssuedKey:
        now = self.clock.wall()
        expires = None if lifetime is None else now + lifetime
        key = issue_key(KeyTerms(role, now, expires), PEPPER, secrets.token_bytes)
        await self.store.put(key.key_id, key.record)
        return key


async def test_a_key_is_known_at_once_with_its_role() -> None:
    ring = Ring()
    key = await ring.issued(KeyRole.OPERATOR)

    principal = await ring.keyring.identify(key.text)

    assert (principal.key_id, principal.role) == (key.key_id, KeyRole.OPERATOR)


async def test_no_wrong_or_malformed_key_gets_in() -> None:
    ring = Ring()
    key = await ring.issued()
    wrong = key.text[:-1] + ("a" if key.text[-1] != "a" else "b")

    for credential in (None, "", "sk-123", wrong, "fb_" + "a" * 12 + "_" + "a" * 40):
        with pytest.raises(UnauthenticatedError):
            await ring.keyring.identify(credential)


async def test_an_expired_key_is_refused_without_the_store() -> None:
    ring = Ring()
    key = await ring.issued(lifetime=10)
    await ring.keyring.identify(key.text)
    ring.clock.advance(10)

    with pytest.raises(UnauthenticatedError):
        await ring.keyring.identify(key.text)


async def test_a_revoked_key_is_refused_after_the_next_look() -> None:
    ring = Ring()
    key = await ring.issued()
    await ring.keyring.identify(key.text)
    await ring.store.put(key.key_id, KeyRecord(key.record.digest, KeyRole.USER, 0, disabled=True))
    await ring.keyring.refresh()

    with pytest.raises(UnauthenticatedError):
        await ring.keyring.identify(key.text)


async def test_known_keys_serve_for_five_minutes_without_the_store_and_then_no_longer() -> None:
    ring = Ring()
    key = await ring.issued()
    await ring.keyring.identify(key.text)
    ring.store.is_lost = True
    ring.clock.advance(299)

    await ring.keyring.refresh()
    await ring.keyring.identify(key.text)
    assert ring.keyring.is_ready
    ring.clock.advance(1)
    assert not ring.keyring.is_ready
    with pytest.raises(KeyStoreUnavailableError):
        await ring.keyring.identify(key.text)

    ring.store.is_lost = False
    ring.clock.advance(1)
    await ring.keyring.identify(key.text)
    assert ring.events.names() == ["gateway.keys.store_lost", "gateway.keys.store_back"]


async def test_an_unknown_key_is_unavailable_not_wrong_while_the_store_is_gone() -> None:
    ring = Ring()
    await ring.keyring.refresh()
    ring.store.is_lost = True
    ring.clock.advance(1)

    with pytest.raises(KeyStoreUnavailableError):
        await ring.keyring.identify("fb_" + "a" * 12 + "_" + "a" * 40)


async def test_junk_keys_do_not_keep_the_store_busy() -> None:
    ring = Ring()
    await ring.keyring.refresh()
    for _ in range(100):
        with pytest.raises(UnauthenticatedError):
            await ring.keyring.identify("fb_" + "a" * 12 + "_" + "a" * 40)

    assert ring.store.looks == 1
