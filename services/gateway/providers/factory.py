from collections.abc import Mapping

from services.gateway.clock import Clock
from services.gateway.config import Endpoint, GatewayConfig, ProviderName, ProviderSettings, WireFormat
from services.gateway.providers.anthropic import AnthropicDialect
from services.gateway.providers.dialect import Dialect
from services.gateway.providers.generate import GenerateDialect
from services.gateway.providers.http_provider import HttpProvider
from services.gateway.providers.huggingface import HuggingFaceDialect
from services.gateway.providers.ollama import OllamaDialect
from services.gateway.providers.openai import OpenAIDialect
from services.gateway.providers.provider import Provider
from services.gateway.providers.stub import StubProvider
from services.gateway.providers.transport import AiohttpTransport, ConnectionLimits


class ProviderKeyError(Exception):
    """A provider's key cannot be used; the message names the provider and never the key."""


def build_providers(config: GatewayConfig, clock: Clock) -> Mapping[ProviderName, tuple[Provider, ...]]:
    """One provider for each configured endpoint, in the endpoints' order, and the stub. Nothing is connected yet.

    Raises:
        ProviderKeyError: A key file cannot be read, or a key is nothing that a header can carry.
    """
    built: dict[ProviderName, tuple[Provider, ...]] = {}
    for name, settings in config.providers.items():
        key = _key(name, settings)
        built[name] = tuple(_provider(config, name, endpoint, key, clock) for endpoint in settings.endpoints)
    built[ProviderName.LOCAL_STUB] = (StubProvider(ProviderName.LOCAL_STUB.value),)
    return built


def _provider(
    config: GatewayConfig, name: ProviderName, endpoint: Endpoint, key: str | None, clock: Clock
) -> HttpProvider:
    limits = config.ray if endpoint.ray else config.providers[name]
    return HttpProvider(
        name.value,
        _dialect(name, endpoint, key),
        AiohttpTransport(name.value, ConnectionLimits(limits.max_connections, limits.max_keepalive), clock),
        clock,
        scaling_status_codes=frozenset(config.ray.scaling_status_codes if endpoint.ray else ()),
    )


def _dialect(name: ProviderName, endpoint: Endpoint, key: str | None) -> Dialect:
    match endpoint.wire:
        case WireFormat.OPENAI:
            return OpenAIDialect(name.value, endpoint.address, key)
        case WireFormat.GENERATE:
            return GenerateDialect(name.value, endpoint.address, key)
        case WireFormat.OLLAMA:
            return OllamaDialect(name.value, endpoint.address, key)
        case WireFormat.HUGGINGFACE:
            return HuggingFaceDialect(name.value, endpoint.address, key)
        case WireFormat.ANTHROPIC:
            return AnthropicDialect(name.value, endpoint.address, key)


def _key(name: ProviderName, settings: ProviderSettings) -> str | None:
    try:
        key = settings.read_api_key()
    except OSError as error:
        raise ProviderKeyError(f"{name.value}: its api_key_file cannot be read: {error.strerror}") from None
    if key is not None and not (key.isascii() and key.isprintable()):
        raise ProviderKeyError(
            f"{name.value}: its key holds a line break or another character that no header can carry"
        )
    return key or None
