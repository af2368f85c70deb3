import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema.protocols import Validator

from stacks.settings.reference import reference
from stacks.settings.schema import json_schema, rendered_schema
from stacks.settings.sections import sections_of
from stacks.settings.settings import StackSettings

STACKS = ["local", "dev", "staging", "prod"]


@pytest.fixture(scope="module")
def validator() -> Validator:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def document_of(folder: Path, stack: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text())
    return document


@pytest.mark.parametrize("stack", STACKS)
def test_editors_accept_each_stack_file(stack: str, stacks_folder: Path, validator: Validator) -> None:
    validator.validate(document_of(stacks_folder, stack))


@pytest.mark.parametrize("stack", STACKS)
def test_each_stack_file_points_editors_to_the_schema(stack: str, stacks_folder: Path) -> None:
    text = (stacks_folder / f"Pulumi.{stack}.yaml").read_text()

    assert text.splitlines()[0] == "# yaml-language-server: $schema=schema.json"


@pytest.mark.parametrize("stack", STACKS)
def test_editors_accept_a_whole_dump(stack: str, edited: Callable[..., Any], validator: Validator) -> None:
    settings = StackSettings.model_validate_json(json.dumps(edited(stack)))

    validator.validate({"config": {"forebay:settings": settings.model_dump(mode="json")}})


def test_editors_accept_what_the_engine_keeps_in_the_file(stacks_folder: Path, validator: Validator) -> None:
    document = document_of(stacks_folder, "local")
    document["config"] |= {"aws:region": "eu-west-1", "kubernetes:context": {"secure": "v1:abc"}}
    document |= {"encryptionsalt": "v1:abc:def", "secretsprovider": "awskms://alias/x", "encryptedkey": "abc"}

    validator.validate(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("gateway/replcas", 2),
        ("gateway/replicas", "two"),
        ("gateway/replicas", 0),
        ("gateway/drain", "2min"),
        ("gateway/drain", 30),
        ("serving/applications/chat/labels", {}),
        ("serving/applications/chat/kind", "simulation"),
        ("aliases/chat/providers/ray", "x"),
        ("gateway/hosted", {"openai": {"api_key": "sk-abc"}}),
    ],
)
def test_editors_refuse_a_wrong_setting(
    path: str, value: object, edited: Callable[..., Any], validator: Validator
) -> None:
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"config": {"forebay:settings": edited("local", {path: value})}})


@pytest.mark.parametrize("place", [(), ("config",)])
def test_editors_refuse_a_strange_key_around_the_settings(
    place: tuple[str, ...], stacks_folder: Path, validator: Validator
) -> None:
    document = copy.deepcopy(document_of(stacks_folder, "local"))
    section = document
    for part in place:
        section = section[part]
    section["forebay:setings"] = {}

    with pytest.raises(jsonschema.ValidationError):
        validator.validate(document)


def test_every_setting_says_what_it_does() -> None:
    silent = [
        f"{section.__name__}.{name}"
        for section in sections_of(StackSettings)
        for name, field in section.model_fields.items()
        if not field.description or not field.description.endswith(".")
    ]

    assert silent == []


def test_every_default_in_the_schema_passes_it() -> None:
    schema = json_schema()
    for definition in schema["$defs"].values():
        for name, subschema in definition.get("properties", {}).items():
            if "default" in subschema:
                alone = {"$defs": schema["$defs"], **subschema}
                assert jsonschema.Draft202012Validator(alone).is_valid(subschema["default"]), name


def test_the_committed_schema_is_up_to_date(project: Path) -> None:
    assert (project / "stacks" / "schema.json").read_text() == rendered_schema(), "run python -m stacks.settings.schema"


def test_the_committed_reference_is_up_to_date(project: Path) -> None:
    assert (project / "docs" / "settings.md").read_text() == reference(), "run python -m stacks.settings.schema"


def test_the_reference_has_every_setting() -> None:
    text = reference()

    for section, paths in sections_of(StackSettings).items():
        assert all(f"`{path}`" in text for path in paths if path)
        assert all(f"| `{name}` |" in text for name in section.model_fields)
