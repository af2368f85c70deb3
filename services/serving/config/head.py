"""How a Ray head is started on one machine, as data: the command, its environment, and the reason for each flag.

Nothing here imports Ray, so that the infrastructure can read it in a millisecond. Every port is named, because Ray
otherwise takes free ones at random, and two stacks side by side would take each other's.
"""

import sys
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Self

LOOPBACK = "127.0.0.1"
BIND_ADDRESS_VARIABLE = "FOREBAY_RAY_BIND_ADDRESS"
HEAD_PORTS = 100
# One a worker process: Serve's controller and proxy, replicas (old and new at an update), builders, drivers.
WORKER_PORTS = 80
LARGEST_PORT = 65535
# Ray's object store only holds what is larger than 100 KiB between processes; the bundled applications pass nothing
# that large. 75 MiB is the least that Ray takes.
DEFAULT_OBJECT_STORE_BYTES = 80_000_000
# A UNIX socket's path ends at 107 bytes, and Ray appends up to 71 to the folder, as in
# "/session_<date>_<time>_<pid>/sockets/dash_MetricsHead".
LONGEST_TEMP_DIR = 36


@dataclass(frozen=True, slots=True)
class HeadPorts:
    """Every port that a head and its workers listen on, all on loopback."""

    gcs: int
    dashboard: int
    agent_http: int
    agent_grpc: int
    runtime_env_agent: int
    metrics: int
    node: int
    objects: int
    client: int
    dashboard_metrics: int
    serve_http: int
    first_worker: int
    last_worker: int

    def __post_init__(self) -> None:
        for field in fields(self):
            port = getattr(self, field.name)
            if not 1024 <= port <= LARGEST_PORT:  # noqa: PLR2004  # the first port that needs no privilege
                raise ValueError(f"Ray's port {field.name} is {port}; it must be 1024 to {LARGEST_PORT}.")

    @classmethod
    def block(cls, first: int) -> Self:
        """Lay the ports out from `first` on; the block is `HEAD_PORTS` wide."""
        names = [field.name for field in fields(cls)][:-2]
        single = {name: first + offset for offset, name in enumerate(names)}
        last = first + HEAD_PORTS - 1
        return cls(**single, first_worker=last - WORKER_PORTS + 1, last_worker=last)


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """What differs between two heads on one machine.

    Attributes:
        ports: where it listens.
        temp_dir: folder of its own, absolute, at most 36 bytes (UNIX sockets lie beneath it); each start makes a new
            session folder there.
        token_path: file with the token, readable by the owner alone.
        num_cpus: what Ray may hand out, a number for its accounts and no limit on anything.
        object_store_bytes: size of the shared memory file; pages never written cost nothing.
    """

    ports: HeadPorts
    temp_dir: str
    token_path: str
    num_cpus: int = 4
    object_store_bytes: int = DEFAULT_OBJECT_STORE_BYTES

    def __post_init__(self) -> None:
        length = len(self.temp_dir.encode())
        if not PurePosixPath(self.temp_dir).is_absolute() or length > LONGEST_TEMP_DIR:
            raise ValueError(
                f"Ray's temp_dir is {self.temp_dir!r} ({length} bytes); it must be absolute and at most "
                f"{LONGEST_TEMP_DIR} bytes, since sockets lie beneath it and their paths end at 107."
            )


def head_command(settings: HeadSettings, ray: str | None = None) -> list[str]:
    """Return the command that runs a head in the foreground until SIGTERM, which takes about 2.5 s.

    Args:
        settings: the head's.
        ray: path of the `ray` script; by default the one beside this interpreter.
    """
    ports = settings.ports
    return [
        ray or str(PurePosixPath(sys.executable).parent / "ray"),
        "start",
        "--head",
        "--block",  # a supervisor needs a foreground process; it also ends itself when a part of it dies
        f"--node-ip-address={LOOPBACK}",  # gcs, raylet and workers bind what this says
        f"--port={ports.gcs}",
        f"--dashboard-host={LOOPBACK}",
        f"--dashboard-port={ports.dashboard}",
        f"--dashboard-agent-listen-port={ports.agent_http}",
        f"--dashboard-agent-grpc-port={ports.agent_grpc}",
        f"--runtime-env-agent-port={ports.runtime_env_agent}",
        f"--metrics-export-port={ports.metrics}",
        f"--node-manager-port={ports.node}",
        f"--object-manager-port={ports.objects}",
        f"--ray-client-server-port={ports.client}",  # cannot be switched off; unpinned it is 10001 for every stack
        f"--min-worker-port={ports.first_worker}",
        f"--max-worker-port={ports.last_worker}",
        f"--object-store-memory={settings.object_store_bytes}",
        f"--temp-dir={settings.temp_dir}",
        f"--num-cpus={settings.num_cpus}",
        "--include-log-monitor=false",  # it copies log lines to drivers, and there are none
        "--no-monitor",  # the cluster autoscaler has no nodes to add here: 57 MB and the fixed port 44217 saved
        "--disable-usage-stats",
        "--log-color=false",
    ]


def head_environment(settings: HeadSettings) -> dict[str, str]:
    """Return what the head's process needs in its environment; its workers inherit it."""
    return {
        # Without it Ray replaces 127.0.0.1 by the machine's own address and listens on every interface.
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        # A path rather than the token itself, since every worker inherits the environment.
        "RAY_AUTH_TOKEN_PATH": settings.token_path,
        "RAY_USAGE_STATS_ENABLED": "0",
        # Replicas' own gRPC servers bind every interface, and Ray has no setting for it: see services.serving.loopback.
        "__RAY_WORKER_PROCESS_SETUP_HOOK_ENV_VAR": "services.serving.loopback.confine",
        BIND_ADDRESS_VARIABLE: LOOPBACK,
        # The dashboard's own metrics are on the fixed port 44227 otherwise.
        "DASHBOARD_METRIC_PORT": str(settings.ports.dashboard_metrics),
        # SIGTERM waits up to 30 s for Serve to move elsewhere; a single node has no elsewhere.
        "RAY_GRACEFUL_SHUTDOWN_DRAIN_TIMEOUT_S": "0",
        # Otherwise idle workers are started ahead of need, one a CPU.
        "RAY_prestart_worker_first_driver": "0",
        # glibc keeps a heap a thread otherwise; about 30 MB saved over the head and six replicas.
        "MALLOC_ARENA_MAX": "2",
        # The folder Ray would otherwise share between every head of this machine for the address of the latest.
        "RAY_TMPDIR": settings.temp_dir,
    }
