from services.gateway.breaker.policy import AccrualPolicy, AdaptivePolicy, FixedPolicy
from services.gateway.config import BreakerSettings, ProviderName, ProviderSettings

_OWN = frozenset({ProviderName.OLLAMA_LOCAL, ProviderName.REMOTE_GPU})


def policy_for(name: ProviderName, provider: ProviderSettings, settings: BreakerSettings) -> AccrualPolicy:
    """A new policy by the provider's preset: its own setting, else `adaptive` for own endpoints, `fixed` for hosted."""
    preset = provider.breaker or ("adaptive" if name in _OWN else "fixed")
    return AdaptivePolicy(settings.adaptive) if preset == "adaptive" else FixedPolicy(settings.fixed)
