from collections.abc import Mapping
from enum import StrEnum, unique

from pydantic import Field

from stacks.settings.names import ModelName
from stacks.settings.provider import Provider
from stacks.settings.section import Section


@unique
class Kind(StrEnum):
    """What a model answers with."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    CLASSIFICATION = "classification"


class Alias(Section):
    """One public model name and what it means at each provider, so that the chain can fall back."""

    kind: Kind = Field(default=Kind.CHAT, description="Which endpoints serve the name.")
    providers: Mapping[Provider, ModelName] = Field(
        min_length=1,
        description="Provider to that provider's own model name; a provider that is absent is skipped for this name.",
    )
