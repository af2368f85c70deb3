import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from stacks.settings.reference import reference
from stacks.settings.sections import default_of, holds_sections, sections_of
from stacks.settings.settings import StackSettings
from stacks.settings.stack_file import SETTINGS_KEY
from stacks.settings.typed_path import TypedPlace

ROOT = Path(__file__).parents[2]
SCHEMA_PATH = ROOT / "stacks" / "schema.json"
REFERENCE_PATH = ROOT / "docs" / "settings.md"

# What the engine itself keeps in a stack file, beside `config`.
_ENGINE_KEYS = {
    "secretsprovider": "The engine's secrets provider, such as awskms://…",
    "encryptedkey": "The data key of that provider, encrypted; written by the engine.",
    "encryptionsalt": "The salt of the passphrase provider; written by the engine.",
}


class _Untitled(GenerateJsonSchema):
    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ANN401, ARG002 - pydantic's own signature
        return False


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a whole stack file, with the engine's own keys allowed where it keeps them."""
    settings = StackSettings.model_json_schema(schema_generator=_Untitled)
    definitions = settings.pop("$defs") | {StackSettings.__name__: settings}
    for section in sections_of(StackSettings):
        _write_defaults(section, definitions[section.__name__]["properties"])
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A stack of Forebay: Pulumi.<stack>.yaml",
        "type": "object",
        "required": ["config"],
        "additionalProperties": False,
        "properties": {
            "config": {
                "type": "object",
                "description": "Configuration by namespace; the settings of the stack are all under forebay:settings.",
                "required": [SETTINGS_KEY],
                "additionalProperties": False,
                "properties": {SETTINGS_KEY: {"$ref": "#/$defs/StackSettings"}},
                "patternProperties": {"^(?!forebay:)[^:]+:.+$": {"description": "Configuration of a provider."}},
            },
            "environment": {"description": "Environments of Pulumi ESC that the engine reads."},
            **{key: {"type": "string", "description": text} for key, text in _ENGINE_KEYS.items()},
        },
        "$defs": definitions,
    }


def _write_defaults(section: type[BaseModel], properties: dict[str, Any]) -> None:
    # Pydantic writes quantities as plain numbers, and whole sections where their own keys have defaults already.
    for name, field in section.model_fields.items():
        properties[name].pop("default", None)
        if not field.is_required() and not (holds_sections(TypedPlace((), field.annotation)) and field.default):
            properties[name]["default"] = default_of(field)


def rendered_schema() -> str:
    """Return the text of ``stacks/schema.json``."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the generated files anew."""
    REFERENCE_PATH.parent.mkdir(exist_ok=True)
    SCHEMA_PATH.write_text(rendered_schema(), encoding="utf-8")
    REFERENCE_PATH.write_text(reference(), encoding="utf-8")


if __name__ == "__main__":
    main()
