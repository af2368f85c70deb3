from typing import TYPE_CHECKING

from stacks.settings.ollama import OllamaMode
from stacks.settings.provider import Provider

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings


def configured_chain(settings: "StackSettings") -> tuple[Provider, ...]:
    """Return every configured provider in the order of an unset chain.

    Ray Serve leads where it has applications; paid providers are in it only where they are allowed; the stub is last.
    """
    hosted = settings.gateway.hosted
    configured = {
        Provider.REMOTE_GPU: bool(settings.serving.applications),
        Provider.OLLAMA_LOCAL: settings.ollama.mode is not OllamaMode.OFF,
        Provider.HUGGINGFACE: hosted.huggingface is not None,
        Provider.OPENAI: hosted.openai is not None and settings.gateway.paid_allowed,
        Provider.ANTHROPIC: hosted.anthropic is not None and settings.gateway.paid_allowed,
        Provider.LOCAL_STUB: True,
    }
    return tuple(provider for provider, is_configured in configured.items() if is_configured)
