from collections.abc import Collection

from services.gateway.config import PAID_PROVIDERS, GatewayConfig, ProviderName


def chain_order(
    configured: Collection[ProviderName],
    *,
    paid: bool,
    ray_leads: bool,
    override: tuple[ProviderName, ...] | None = None,
) -> tuple[ProviderName, ...]:
    """The providers that a request tries, first to last.

    A provider is in it if and only if it is configured, a paid one only with `paid`; the stub is always last. Ray Serve
    endpoints put `remote_gpu` first. An override is taken as it is, less paid providers where they are off.
    """
    allowed = frozenset(ProviderName) if paid else frozenset(ProviderName) - PAID_PROVIDERS
    if override is not None:
        return tuple(name for name in override if name in allowed)
    chosen = [name for name in ProviderName if name in allowed and name in configured]
    if ray_leads and ProviderName.REMOTE_GPU in chosen:
        chosen.remove(ProviderName.REMOTE_GPU)
        chosen.insert(0, ProviderName.REMOTE_GPU)
    return (*(name for name in chosen if name is not ProviderName.LOCAL_STUB), ProviderName.LOCAL_STUB)


def configured_chain(config: GatewayConfig) -> tuple[ProviderName, ...]:
    """The chain that a configuration gives."""
    remote = config.providers.get(ProviderName.REMOTE_GPU)
    return chain_order(
        config.providers.keys(),
        paid=config.paid,
        ray_leads=remote is not None and any(endpoint.ray for endpoint in remote.endpoints),
        override=config.chain,
    )
