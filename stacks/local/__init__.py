"""A stack's settings as what the local target builds from them."""

from infra.local.folder import StackFolder
from infra.local.machine import Machine
from infra.local.ports import PortBlock
from infra.local.stack import LocalStackArgs
from stacks.local.gateway import gateway_policy, provider_secrets
from stacks.local.ollama import ollama_args
from stacks.local.serving import serve_configuration
from stacks.settings import StackSettings

__all__ = ["local_stack_args"]

_LEAST_CPUS = 4


def local_stack_args(settings: StackSettings, folder: StackFolder, machine: Machine) -> LocalStackArgs:
    """Everything that `LocalStack` needs, for settings whose target is local."""
    ports = PortBlock(settings.ports.balancer, settings.ports.block)
    return LocalStackArgs(
        folder=folder,
        ports=ports,
        gateways=settings.gateway.replicas,
        policy=gateway_policy(settings, ports, machine),
        provider_secrets=provider_secrets(settings, folder),
        provider_keys=machine.provider_keys,
        serve_configuration=serve_configuration(settings, ports),
        ray_cpus=max(_LEAST_CPUS, 2 * len(settings.serving.applications)),
        object_store_bytes=settings.serving.object_store,
        ollama=ollama_args(settings, folder, ports, machine),
    )
