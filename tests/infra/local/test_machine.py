from infra.local.folder import StackFolder
from infra.local.machine import look_around


def test_a_new_provider_key_shows_and_the_key_itself_does_not(folder: StackFolder) -> None:
    (folder.root / "passphrase").write_text("some random secret")
    key = folder.secrets / "openai_api_key"
    key.write_text("canary-one")
    before = look_around(folder).provider_keys
    key.write_text("canary-two")

    after = look_around(folder).provider_keys

    assert before
    assert after
    assert before != after
    assert "canary" not in before + after


def test_without_hosted_providers_there_is_nothing_to_show(folder: StackFolder) -> None:
    (folder.root / "passphrase").write_text("some random secret")

    assert look_around(folder).provider_keys == ""
