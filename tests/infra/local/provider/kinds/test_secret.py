import stat

from infra.local.folder import StackFolder
from infra.local.inputs import SecretInputs
from infra.local.provider.kinds.secret import SecretKind

_INPUTS = SecretInputs(name="password", forms={"auth.conf": "requirepass {secret}\n"})


def _kind(folder: StackFolder, character: str = "a") -> SecretKind:
    return SecretKind(folder, lambda length: character * 2 * length)


def test_create_writes_the_secret_and_its_forms_for_the_owner_alone(folder: StackFolder) -> None:
    _kind(folder).create(_INPUTS)

    assert (folder.secrets / "password").read_text() == "a" * 64
    assert (folder.secrets / "auth.conf").read_text() == f"requirepass {'a' * 64}\n"
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.secrets.iterdir()} == {0o600}


def test_create_again_keeps_the_secret(folder: StackFolder) -> None:
    _kind(folder, "a").create(_INPUTS)

    _kind(folder, "b").create(_INPUTS)

    assert (folder.secrets / "password").read_text() == "a" * 64


def test_read_sees_a_form_that_is_gone(folder: StackFolder) -> None:
    kind = _kind(folder)
    kind.create(_INPUTS)
    (folder.secrets / "auth.conf").unlink()

    assert kind.read(_INPUTS) == _INPUTS.model_copy(update={"present": False})


def test_read_of_an_untouched_secret_reports_nothing(folder: StackFolder) -> None:
    kind = _kind(folder)
    kind.create(_INPUTS)

    assert kind.read(_INPUTS) == _INPUTS


def test_update_mends_a_form_with_the_same_secret(folder: StackFolder) -> None:
    _kind(folder, "a").create(_INPUTS)
    (folder.secrets / "auth.conf").write_text("requirepass guessed\n")

    _kind(folder, "b").update(_INPUTS, _INPUTS)

    assert (folder.secrets / "auth.conf").read_text() == f"requirepass {'a' * 64}\n"


def test_delete_leaves_no_file(folder: StackFolder) -> None:
    kind = _kind(folder)
    kind.create(_INPUTS)

    kind.delete(_INPUTS)

    assert list(folder.secrets.iterdir()) == []
