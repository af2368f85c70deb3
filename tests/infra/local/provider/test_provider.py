from pathlib import Path
from typing import Any

from pulumi.provider.experimental.provider import (
    CheckRequest,
    ConfigureRequest,
    CreateRequest,
    DiffRequest,
    ReadRequest,
)

from infra.local.inputs import SecretInputs
from infra.local.provider.provider import LocalProvider
from infra.local.provider.values import UNKNOWN, from_python

_URN = "urn:pulumi:local::forebay::forebay:local:LocalStack$forebay:local:Secret::pepper"


class RecordingKind:
    """A kind that notes what is asked of it."""

    inputs = SecretInputs

    def __init__(self) -> None:
        self.created: list[SecretInputs] = []
        self.found: SecretInputs | None = None

    def create(self, inputs: SecretInputs) -> None:
        self.created.append(inputs)

    def read(self, inputs: SecretInputs) -> SecretInputs | None:
        return self.found

    def update(self, old: SecretInputs, new: SecretInputs) -> None:
        self.created.append(new)

    def delete(self, inputs: SecretInputs) -> None:
        self.created.remove(inputs)

    def replaced_by(self) -> frozenset[str]:
        return frozenset({"name"})


async def _provider(kind: RecordingKind) -> LocalProvider:
    provider = LocalProvider(lambda _: {"forebay:local:Secret": kind})
    folder = from_python({"stackFolder": "/somewhere"})
    await provider.configure(ConfigureRequest({}, folder, accept_secrets=True, accept_resources=True))
    return provider


async def test_configure_gives_the_kinds_the_stacks_folder() -> None:
    folders: list[Path] = []

    def make_kinds(folder: Path) -> dict[str, RecordingKind]:
        folders.append(folder)
        return {}

    provider = LocalProvider(make_kinds)

    await provider.configure(
        ConfigureRequest({}, from_python({"stackFolder": "/somewhere"}), accept_secrets=True, accept_resources=True)
    )

    assert folders == [Path("/somewhere")]


async def test_check_fills_in_defaults_so_that_drift_has_something_to_differ_from() -> None:
    provider = await _provider(RecordingKind())

    answer = await provider.check(CheckRequest(_URN, {}, from_python({"name": "pepper"}), b""))

    assert answer.inputs is not None
    assert answer.inputs["present"].value is True


async def test_check_names_the_property_its_value_and_what_is_wrong() -> None:
    provider = await _provider(RecordingKind())

    answer = await provider.check(CheckRequest(_URN, {}, from_python({"name": "pepper", "length": 3}), b""))

    assert answer.failures is not None
    [failure] = answer.failures
    assert failure.property == "length"
    assert failure.reason == "Input should be greater than or equal to 16 (got 3)"


async def test_check_lets_a_value_pass_that_only_an_update_will_know() -> None:
    provider = await _provider(RecordingKind())

    answer = await provider.check(CheckRequest(_URN, {}, from_python({"name": UNKNOWN}), b""))

    assert not answer.failures


async def test_diff_of_equal_values_is_no_change() -> None:
    assert await _diff({"name": "pepper", "length": 32}, {"name": "pepper", "length": 32}) == (False, [], [])


async def test_diff_names_what_changed() -> None:
    assert await _diff({"name": "pepper", "present": False}, {"name": "pepper", "present": True}) == (
        True,
        ["present"],
        [],
    )


async def test_diff_asks_for_a_replacement_where_the_kind_cannot_update() -> None:
    assert await _diff({"name": "pepper"}, {"name": "salt"}) == (True, ["name"], ["name"])


async def test_create_in_a_preview_creates_nothing() -> None:
    kind = RecordingKind()
    provider = await _provider(kind)

    await provider.create(CreateRequest(_URN, from_python({"name": "pepper"}), 0, preview=True))

    assert kind.created == []


async def test_the_id_is_the_resources_name_so_that_an_interrupted_create_finds_it_again() -> None:
    provider = await _provider(RecordingKind())

    answer = await provider.create(CreateRequest(_URN, from_python({"name": "pepper"}), 0, preview=False))

    assert answer.resource_id == "pepper"


async def test_read_of_something_gone_has_no_id() -> None:
    provider = await _provider(RecordingKind())
    inputs = from_python({"name": "pepper"})

    answer = await provider.read(ReadRequest(_URN, "pepper", inputs, inputs))

    assert answer.resource_id == ""


async def test_read_gives_what_is_there_and_keeps_the_inputs() -> None:
    kind = RecordingKind()
    kind.found = SecretInputs(name="pepper", present=False)
    provider = await _provider(kind)
    inputs = from_python({"name": "pepper"})

    answer = await provider.read(ReadRequest(_URN, "pepper", inputs, inputs))

    assert answer.properties["present"].value is False
    assert answer.inputs == inputs


async def _diff(old: dict[str, Any], new: dict[str, Any]) -> tuple[bool | None, list[str], list[str]]:
    provider = await _provider(RecordingKind())
    answer = await provider.diff(DiffRequest(_URN, "pepper", from_python(old), from_python(new), []))
    return answer.changes, answer.diffs, answer.replaces
