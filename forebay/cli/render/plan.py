from typing import TYPE_CHECKING

from forebay.cli.render.columns import columns
from forebay.cli.render.words import count
from stacks.settings.ollama import OllamaMode

if TYPE_CHECKING:
    from stacks.settings import StackSettings

_OLLAMA = {
    OllamaMode.AUTO: "an Ollama, if there is one",
    OllamaMode.URL: "the Ollama at {url}",
    OllamaMode.OFF: "",
}


def plan(stack: str, settings: "StackSettings", *, is_rehearsal: bool) -> tuple[str, ...]:
    """What `up` is about to build on this machine, and its price."""
    title = f"The stack {stack} on this machine"
    rows = (
        ("processes", _processes(settings)),
        ("applications", _applications(settings)),
        ("models", ", ".join(sorted(settings.aliases))),
        ("chain", " > ".join(settings.chain)),
        ("ports", f"{settings.ports.balancer}; {settings.ports.block} to {settings.ports.block_range[-1]}"),
        ("price", "nothing: this machine"),
    )
    return (f"{title}, as a rehearsal:" if is_rehearsal else f"{title}:", *columns(rows, indent="  "))


def _processes(settings: "StackSettings") -> str:
    parts = [count(settings.gateway.replicas, "gateway"), "1 balancer", "2 stores"]
    if settings.serving.applications:
        parts.append("1 Ray head")
    ollama = _OLLAMA[settings.ollama.mode].format(url=settings.ollama.url)
    return ", ".join([*parts, *([ollama] if ollama else [])])


def _applications(settings: "StackSettings") -> str:
    found = (
        f"{name} ({one.kind} {one.model}, {count(one.scaling.min_replicas or 1, 'replica')})"
        for name, one in sorted(settings.serving.applications.items())
    )
    return ", ".join(found) or "none"
