from pydantic import AnyHttpUrl, Field

from stacks.settings.secret import SecretReference
from stacks.settings.section import Section


class HostedProvider(Section):
    """A provider that somebody else runs; it is in the chain if and only if it is configured here."""

    api_key: SecretReference = Field(
        description="Where its key is found: env:NAME or aws-secret:NAME; never the key itself."
    )
    base_url: AnyHttpUrl | None = Field(
        default=None, description="Address of a compatible service instead of the provider's own; https off loopback."
    )


class HostedProviders(Section):
    """Hosted providers; prompts leave the stack when one of them answers."""

    huggingface: HostedProvider | None = Field(
        default=None, description="Hugging Face inference; free tier is limited."
    )
    openai: HostedProvider | None = Field(default=None, description="OpenAI; every call is charged.")
    anthropic: HostedProvider | None = Field(default=None, description="Anthropic; every call is charged.")
