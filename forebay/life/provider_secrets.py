from collections.abc import Mapping
from typing import TYPE_CHECKING

from forebay.errors import UsageError
from infra.local.folder import StackFolder
from infra.local.private_file import write_private

if TYPE_CHECKING:
    from stacks.settings import StackSettings

_PROVIDERS = ("huggingface", "openai", "anthropic")


def hand_over_provider_secrets(settings: "StackSettings", folder: StackFolder, environment: Mapping[str, str]) -> None:
    """Write the hosted providers' keys from the caller's environment to private files, which the gateways read.

    Nothing else of the environment reaches a stack's processes, so this is the one way in.

    Raises:
        UsageError: If a key's variable is not set, or a key is kept where this machine cannot read it.
    """
    configured = {name: getattr(settings.gateway.hosted, name) for name in _PROVIDERS}
    found = {
        name: _secret(f"gateway.hosted.{name}.api_key", provider.api_key, environment)
        for name, provider in configured.items()
        if provider is not None
    }
    for name, secret in found.items():
        write_private(folder.secrets / f"{name}_api_key", secret)


def _secret(key: str, reference: str, environment: Mapping[str, str]) -> str:
    kind, _, name = reference.partition(":")
    if kind != "env":
        raise UsageError(f"{key} is {reference}, which a stack on this machine cannot read; name it as env:VARIABLE")
    value = environment.get(name, "").strip()
    if not value:
        raise UsageError(f"{key} is {reference}, but {name} is not set; export it, or remove the provider")
    return value
