from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import SecretInputs, SupervisorInputs
from infra.local.parts import first_key, gateway, ray, serve, valkey
from infra.local.parts.balancer import Backend, Balancer, BalancerArgs
from infra.local.parts.gateway import Gateway, GatewayArgs, GatewayPolicy
from infra.local.parts.ollama import Ollama, OllamaArgs
from infra.local.ports import PortBlock
from infra.local.resources import LocalProviderResource, Secret, Supervisor
from infra.naming import component_token

_MEMORY = "64mb"


@dataclass(frozen=True, slots=True)
class LocalStackArgs:
    """A stack as processes on this machine.

    Attributes:
        gateways: How many gateway processes.
        serve_configuration: What Ray Serve runs; None leaves Ray out.
        ollama: The Ollama to start; None where there is none, or where one already runs and is only used.
        provider_secrets: Environment variable -> file with its value, for the gateways.
        provider_keys: Changes when one of these values does.
    """

    folder: StackFolder
    ports: PortBlock
    gateways: int
    policy: GatewayPolicy
    provider_secrets: Mapping[str, str]
    serve_configuration: Mapping[str, object] | None
    ray_cpus: int
    object_store_bytes: int
    ollama: OllamaArgs | None = None
    provider_keys: str = ""


class LocalStack(pulumi.ComponentResource):
    """Balancer, gateways, Ray Serve, Ollama and two Valkeys, all on loopback.

    Gateways depend on each other in a row, so that a change reaches them one by one, each back in the balancer before
    the next is taken out.
    """

    def __init__(self, name: str, args: LocalStackArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        provider = LocalProviderResource(f"{name}-provider", args.folder.root)
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(providers=[provider]))
        super().__init__(component_token("local", "LocalStack"), name, None, options)
        self._args = args
        supervisor = Supervisor("supervisor", SupervisorInputs(), self._after())
        secrets = self._secrets(supervisor)
        stores = self._stores(secrets)
        first_key.FirstKey(first_key.NAME, first_key.FirstKeyArgs(args.folder, args.ports), self._after(*stores))
        self._models(secrets)
        self._balancer(self._gateways(stores))
        self.register_outputs({})

    def _after(self, *earlier: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(earlier))

    def _secrets(self, supervisor: Supervisor) -> list[Secret]:
        auth = {valkey.AUTH_FILE: "requirepass {secret}\n"}
        wanted = (
            SecretInputs(name=valkey.PASSWORD, forms=auth),
            SecretInputs(name=gateway.PEPPER),
            SecretInputs(name=ray.TOKEN),
        )
        return [Secret(inputs.name, inputs, self._after(supervisor)) for inputs in wanted]

    def _stores(self, secrets: list[Secret]) -> list[pulumi.Resource]:
        args = self._args
        cache = valkey.ValkeyArgs(args.folder, args.ports.cache, valkey.CACHE_POLICY, _MEMORY)
        state = valkey.ValkeyArgs(args.folder, args.ports.state, valkey.STATE_POLICY, _MEMORY)
        return [
            valkey.Valkey("valkey-cache", cache, self._after(*secrets)),
            valkey.Valkey("valkey-state", state, self._after(*secrets)),
        ]

    def _models(self, secrets: list[Secret]) -> None:
        args = self._args
        if args.serve_configuration is not None:
            settings = ray.RayArgs(args.folder, args.ports, args.ray_cpus, args.object_store_bytes)
            head = ray.RayHead(ray.NAME, settings, self._after(*secrets))
            configuration, process = args.serve_configuration, ray.ray_process(settings)
            applications = serve.ServeArgs(args.folder, args.ports, configuration, process)
            serve.ServeApplications(serve.NAME, applications, self._after(head))
        if args.ollama is not None:
            Ollama("ollama", args.ollama, self._after(*secrets))

    def _gateways(self, stores: list[pulumi.Resource]) -> list[GatewayArgs]:
        args = self._args
        wanted = [
            GatewayArgs(args.folder, args.ports, args.policy, args.provider_secrets, "blue", index, args.provider_keys)
            for index in range(args.gateways)
        ]
        earlier = stores
        for one in wanted:
            earlier = [Gateway(one.name, one, self._after(*earlier))]
        self._last_gateway = earlier
        return wanted

    def _balancer(self, gateways: list[GatewayArgs]) -> None:
        args = self._args
        backend = Backend("blue", 100, tuple((one.name, one.port) for one in gateways))
        settings = BalancerArgs(
            folder=args.folder,
            port=args.ports.balancer,
            backend=backend,
            drain_seconds=int(args.policy.drain_seconds),
            request_seconds=int(args.policy.timeouts.request_seconds),
        )
        Balancer("balancer", settings, self._after(*self._last_gateway))
