from collections.abc import Callable, Mapping

from infra.local.folder import StackFolder
from infra.local.inputs import SecretInputs
from infra.local.private_file import write_private


class SecretKind:
    """A random secret in files; its value is never sent to the engine, so no state holds it."""

    inputs = SecretInputs

    def __init__(self, folder: StackFolder, token: Callable[[int], str]) -> None:
        self._folder = folder
        self._token = token

    def create(self, inputs: SecretInputs) -> None:
        secret = self._kept(inputs) or self._token(inputs.length)
        for name, text in _files(inputs, secret).items():
            write_private(self._folder.secrets / name, text)

    def read(self, inputs: SecretInputs) -> SecretInputs | None:
        secret = self._kept(inputs)
        present = secret is not None and all(self._text(name) == text for name, text in _files(inputs, secret).items())
        return inputs.model_copy(update={"present": present})

    def update(self, old: SecretInputs, new: SecretInputs) -> None:
        for name in old.forms.keys() - new.forms.keys():
            (self._folder.secrets / name).unlink(missing_ok=True)
        self.create(new)

    def delete(self, inputs: SecretInputs) -> None:
        for name in _files(inputs, ""):
            (self._folder.secrets / name).unlink(missing_ok=True)

    def replaced_by(self) -> frozenset[str]:
        return frozenset({"name", "length"})

    def _kept(self, inputs: SecretInputs) -> str | None:
        text = self._text(inputs.name)
        return text if text is not None and len(text) == 2 * inputs.length else None

    def _text(self, name: str) -> str | None:
        try:
            return (self._folder.secrets / name).read_text()
        except OSError:
            return None


def _files(inputs: SecretInputs, secret: str) -> Mapping[str, str]:
    return {inputs.name: secret, **{name: text.replace("{secret}", secret) for name, text in inputs.forms.items()}}
