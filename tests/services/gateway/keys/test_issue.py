import secrets

import pytest

from services.gateway.keys.format import KEY_LENGTH, parse_key
from services.gateway.keys.issue import KeyTerms, issue_key
from services.gateway.keys.principal import KeyRole
from services.gateway.keys.record import KeyRecord

PEPPER = b"pepper-of-a-test-only"
TERMS = KeyTerms(KeyRole.USER, created=100.0, expires=200.0)


def test_an_issued_key_is_parsed_and_matches_its_record_under_its_pepper_alone() -> None:
    key = issue_key(TERMS, PEPPER, secrets.token_bytes)
    parts = parse_key(key.text)

    assert parts is not None
    assert parts.key_id == key.key_id
    assert key.record.matches(parts, PEPPER)
    assert not key.record.matches(parts, b"another")


def test_nothing_that_is_stored_or_shown_holds_the_secret() -> None:
    key = issue_key(TERMS, PEPPER, secrets.token_bytes)
    secret = key.text.rpartition("_")[2]

    assert secret not in str(key.record.to_fields()) + repr(key) + repr(parse_key(key.text))


def test_the_same_source_gives_the_same_key_and_another_source_another() -> None:
    def zeros(count: int) -> bytes:
        return bytes(count)

    first, again = issue_key(TERMS, PEPPER, zeros), issue_key(TERMS, PEPPER, zeros)

    assert first == again
    assert issue_key(TERMS, PEPPER, secrets.token_bytes).text != first.text


def test_a_record_survives_the_store() -> None:
    record = issue_key(TERMS, PEPPER, secrets.token_bytes).record

    assert KeyRecord.from_fields(record.to_fields()) == record


@pytest.mark.parametrize("missing", ["digest", "role", "created", "expires", "disabled"])
def test_a_record_that_lacks_a_field_is_refused(missing: str) -> None:
    fields = issue_key(TERMS, PEPPER, secrets.token_bytes).record.to_fields()
    del fields[missing]

    with pytest.raises(ValueError, match=missing):
        KeyRecord.from_fields(fields)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fb_",
        "x" * KEY_LENGTH,
        "fb_" + "a" * 12 + "_" + "-" * 40,
        "fb_" + "A" * 12 + "_" + "a" * 40,
        "é" * KEY_LENGTH,
    ],
)
def test_what_cannot_be_a_key_is_none(text: str) -> None:
    assert parse_key(text) is None


def test_expired_and_disabled_keys_are_invalid() -> None:
    record = KeyRecord("d", KeyRole.USER, created=0, expires=200.0)

    assert record.is_valid(199)
    assert not record.is_valid(200)
    assert not KeyRecord("d", KeyRole.USER, created=0, disabled=True).is_valid(0)
