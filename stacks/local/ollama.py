from infra.local.folder import StackFolder
from infra.local.machine import Machine
from infra.local.parts.ollama import OllamaArgs
from infra.local.ports import PortBlock
from stacks.settings import StackSettings
from stacks.settings.ollama import OllamaMode


def ollama_url(settings: StackSettings, ports: PortBlock, machine: Machine) -> str | None:
    """Where the gateways find Ollama: the one given, the one that runs here, the one to start, or none."""
    if settings.ollama.mode is OllamaMode.URL:
        return str(settings.ollama.url)
    if settings.ollama.mode is OllamaMode.OFF:
        return None
    return machine.ollama_url or (f"http://127.0.0.1:{ports.ollama}" if machine.ollama_binary else None)


def ollama_args(settings: StackSettings, folder: StackFolder, ports: PortBlock, machine: Machine) -> OllamaArgs | None:
    """The Ollama that the stack starts, or None where there is none to start or none is wanted."""
    own = settings.ollama
    if own.mode is not OllamaMode.AUTO or machine.ollama_url or not machine.ollama_binary:
        return None
    return OllamaArgs(
        folder=folder,
        binary=machine.ollama_binary,
        port=ports.ollama,
        models=machine.ollama_models,
        settings={
            "OLLAMA_NUM_PARALLEL": str(own.num_parallel),
            "OLLAMA_MAX_LOADED_MODELS": str(own.max_loaded_models),
            "OLLAMA_MAX_QUEUE": str(own.max_queue),
            "OLLAMA_KEEP_ALIVE": f"{int(own.keep_alive.total_seconds())}s",
        },
    )
