from enum import StrEnum, unique


@unique
class Provider(StrEnum):
    """The providers that a gateway's chain is made of, in the order of an unset chain."""

    OLLAMA_LOCAL = "ollama_local"
    REMOTE_GPU = "remote_gpu"
    HUGGINGFACE = "huggingface"
    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    LOCAL_STUB = "local_stub"

    @property
    def is_paid(self) -> bool:
        """Whether each call costs money at the provider."""
        return self in {Provider.OPENAI, Provider.ANTHROPIC}

    @property
    def is_own(self) -> bool:
        """Whether this stack runs the provider's model servers itself."""
        return self in {Provider.OLLAMA_LOCAL, Provider.REMOTE_GPU}
