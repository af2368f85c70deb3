import sys
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness
from infra.local.parts import balancer, valkey
from infra.local.ports import PortBlock
from infra.local.resources import Process
from infra.naming import component_token
from services.gateway.config import (
    BreakerSettings,
    GatewayConfig,
    Listener,
    ModelAlias,
    ProviderName,
    ProviderSettings,
    RaySettings,
    RetrySettings,
    StoreSettings,
    TimeoutSettings,
)

PEPPER = "pepper"
"""The secret under which keys are hashed."""

COLOURS = ("blue", "green")


@dataclass(frozen=True, slots=True)
class GatewayPolicy:
    """How every gateway of a stack behaves, whatever its colour and place."""

    providers: Mapping[ProviderName, ProviderSettings]
    models: Mapping[str, ModelAlias]
    default_model: str
    default_embedding_model: str | None
    chain: tuple[ProviderName, ...] | None
    paid: bool
    refuses_stub: bool
    timeouts: TimeoutSettings
    retry: RetrySettings
    breaker: BreakerSettings
    ray: RaySettings
    drain_seconds: float
    release: str | None = None


@dataclass(frozen=True, slots=True)
class GatewayArgs:
    """One gateway process.

    Attributes:
        secrets: Environment variable -> file that holds its value, for the providers' keys.
        secrets_version: Changes when one of these values does; a process reads them only as it starts.
    """

    folder: StackFolder
    ports: PortBlock
    policy: GatewayPolicy
    secrets: Mapping[str, str]
    colour: str
    index: int
    secrets_version: str = ""

    @property
    def name(self) -> str:
        return f"gateway-{self.colour}-{self.index}"

    @property
    def port(self) -> int:
        return self.ports.gateway(COLOURS.index(self.colour), self.index)

    @property
    def internal_port(self) -> int:
        return self.ports.gateway_internal(COLOURS.index(self.colour), self.index)


class Gateway(pulumi.ComponentResource):
    """A gateway process, taken out of the balancer while it is restarted."""

    def __init__(self, name: str, args: GatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "Gateway"), name, None, opts)
        self.process = Process(args.name, gateway_process(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def gateway_process(args: GatewayArgs) -> ProcessInputs:
    """The process, with its configuration as a file; ready when it would take requests."""
    file = f"config/{args.name}.json"
    drain = args.policy.drain_seconds
    return ProcessInputs(
        name=args.name,
        command=(sys.executable, "-m", "services.gateway"),
        environment={
            "FOREBAY_GATEWAY_CONFIG": str(args.folder.root / file),
            **({"FOREBAY_SECRETS_VERSION": args.secrets_version} if args.secrets_version else {}),
        },
        secret_environment=dict(args.secrets),
        files={file: gateway_config(args).model_dump_json(indent=2)},
        readiness=Readiness(http=f"http://127.0.0.1:{args.internal_port}/readyz", timeout_seconds=60),
        ports=(args.port, args.internal_port),
        stop_seconds=int(drain) + 5,
        drain=balancer.drain(args.folder, args.colour, args.name, drain),
    )


def gateway_config(args: GatewayArgs) -> GatewayConfig:
    """The configuration of one gateway: the stack's policy and its own addresses."""
    policy = args.policy
    return GatewayConfig(
        listen=Listener(port=args.port),
        internal=Listener(port=args.internal_port),
        state_store=StoreSettings(
            url=f"redis://127.0.0.1:{args.ports.state}/0", password_file=args.folder.secrets / valkey.PASSWORD
        ),
        pepper_file=args.folder.secrets / PEPPER,
        providers=dict(policy.providers),
        models=dict(policy.models),
        default_model=policy.default_model,
        default_embedding_model=policy.default_embedding_model,
        chain=policy.chain,
        paid=policy.paid,
        stub="refuse" if policy.refuses_stub else "answer",
        timeouts=policy.timeouts,
        retry=policy.retry,
        breaker=policy.breaker,
        ray=policy.ray,
        drain_seconds=policy.drain_seconds,
        release=policy.release,
    )
