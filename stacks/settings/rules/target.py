from collections.abc import Iterator
from typing import TYPE_CHECKING

from infra.local.ports import GATEWAYS_A_COLOUR
from stacks.settings.application import LlmApplication
from stacks.settings.environment import TARGETS_OF, Target
from stacks.settings.ollama import OllamaMode
from stacks.settings.problem import Problem
from stacks.settings.words import listed

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings


def target_suits_the_environment(settings: "StackSettings") -> Iterator[Problem]:
    """Each environment is built only where it can be, with what that target needs."""
    allowed = TARGETS_OF[settings.environment]
    if settings.target not in allowed:
        yield Problem(
            ("target",), f"is {settings.target}, but {settings.environment} is built on {listed(allowed)}: set that"
        )
    elif settings.target is Target.KUBERNETES and settings.kubernetes.context is None:
        yield Problem(
            ("kubernetes", "context"),
            "is not set, but the target kubernetes needs it: name a context of your kubeconfig",
        )
    if settings.target is Target.AWS and settings.budget.monthly_usd == 0:
        yield Problem(
            ("budget", "monthly_usd"), "is 0, but the target aws costs money: set what the stack may cost a month"
        )


def this_machine_can_run_it(settings: "StackSettings") -> Iterator[Problem]:
    """On this machine there is no GPU, and nothing may listen beyond it."""
    if settings.target is not Target.LOCAL:
        return
    if settings.serving.ha_proxy:
        yield Problem(
            ("serving", "ha_proxy"),
            "is true, which opens ports on every interface of this machine: set false for target local",
        )
    if settings.gateway.replicas > GATEWAYS_A_COLOUR:
        yield Problem(
            ("gateway", "replicas"),
            f"is {settings.gateway.replicas}, but the target local has ports for {GATEWAYS_A_COLOUR}: set fewer",
        )
    for name, application in settings.serving.applications.items():
        if isinstance(application, LlmApplication):
            yield Problem(
                ("serving", "applications", name, "kind"),
                "is llm, which needs GPUs that the target local does not have: set simulated, or serve it by Ollama",
            )


def ports_do_not_collide(settings: "StackSettings") -> Iterator[Problem]:
    """The balancer's port is outside the block of the other ports."""
    ports = settings.ports
    if ports.balancer in ports.block_range:
        yield Problem(
            ("ports", "balancer"),
            f"is {ports.balancer}, inside the block {ports.block} to {ports.block_range[-1]}: choose a port outside",
        )


def ollama_has_an_address(settings: "StackSettings") -> Iterator[Problem]:
    """An address is given if and only if the mode asks for one."""
    ollama = settings.ollama
    if ollama.mode is OllamaMode.URL and ollama.url is None:
        yield Problem(
            ("ollama", "url"), "is not set, but ollama.mode is url: give an address such as http://127.0.0.1:11434"
        )
    if ollama.mode is not OllamaMode.URL and ollama.url is not None:
        yield Problem(
            ("ollama", "url"), f"is {ollama.url}, but ollama.mode is {ollama.mode}: set the mode to url or remove it"
        )
