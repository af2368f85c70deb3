"""What runs of a stack and how it is: the engine's state says what should be there, everything else what is.

Nothing here asks the engine, so that it takes a moment and works while an `up` is under way.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from forebay.life.observe.deployed import Deployed, DeployedProcess, read_deployed
from forebay.life.observe.eyes import Eyes
from forebay.life.observe.health import (
    Application,
    Gateway,
    Server,
    ask_applications,
    ask_gateway,
    read_servers,
)
from forebay.life.observe.processes import SeenProcess, ray_part
from forebay.life.place import Place
from infra.local.folder import StackFolder

# Names that `infra.local.parts` gives; importing them from there would import pulumi.
_BALANCER_SOCKET = "haproxy.sock"
_RAY = "ray"
_RAY_TOKEN = "ray-token"  # noqa: S105 - a file's name
_SERVE = "serve-applications"
_ABSENT = "ABSENT"
_RUNNING = "RUNNING"


class Health(StrEnum):
    """How a stack is, in one word."""

    NOT_RUNNING = "not running"
    HEALTHY = "healthy"
    DEGRADED = "degraded"


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the stack.

    Attributes:
        role: What it is for: gateway, balancer, valkey, ray, ollama; in Ray's processes replica, proxy, controller.
        state: Supervisor's word, as RUNNING, STOPPED or FATAL; ABSENT where it should be and is not.
        pid: None while it does not run.
        memory: Bytes of it and of what it started, but for what is listed by itself (PSS).
        restarts: How often it ended unasked since supervisor's log begins; None where nobody counts.
    """

    name: str
    role: str
    state: str
    pid: int | None
    ports: tuple[int, ...] = ()
    uptime_seconds: int | None = None
    memory: int = 0
    restarts: int | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """What runs of a stack.

    Attributes:
        problems: What is not as it should be, a sentence each.
        key_file: Where the first key is; the key itself is shown nowhere.
        memory: Bytes of all processes together (PSS).
        drift: What `up` would change, if that was asked; None if not.
    """

    stack: str
    health: Health
    problems: tuple[str, ...] = ()
    target: str | None = None
    url: str | None = None
    key_file: str | None = None
    processes: tuple[Process, ...] = ()
    balancer: tuple[Server, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    applications: tuple[Application, ...] = ()
    memory: int = 0
    versions: Mapping[str, str] = field(default_factory=dict)
    price: str = "nothing: this machine"
    drift: tuple[Mapping[str, object], ...] | None = None


def read_status(place: Place, eyes: Eyes) -> Status:
    """Look at the stack; changes nothing and raises nothing for a stack that is not there or half there."""
    deployed = read_deployed(place.state, place.stack)
    supervised = eyes.supervised(place.folder)
    everything = tuple(eyes.see(eyes.belonging(place.folder, None)))
    if supervised is None and not everything:
        return Status(place.stack, Health.NOT_RUNNING, versions=eyes.versions())
    processes = tuple(_processes(place.folder, deployed, supervised or {}, eyes))
    balancer = read_servers(eyes.statistics(place.folder.run / _BALANCER_SOCKET))
    gateways = tuple(_gateways(deployed, eyes))
    applications = _applications(place.folder, deployed, eyes)
    problems = (
        *_supervision_problems(supervised, everything),
        *_process_problems(processes),
        *_answer_problems(balancer, gateways),
        *_serve_problems(deployed, applications),
    )
    return Status(
        stack=place.stack,
        health=Health.DEGRADED if problems else Health.HEALTHY,
        problems=problems,
        target=deployed.outputs.get("target"),
        url=deployed.outputs.get("url"),
        key_file=deployed.outputs.get("keyFile"),
        processes=processes,
        balancer=balancer,
        gateways=gateways,
        applications=applications or (),
        memory=sum(process.memory for process in everything),
        versions=eyes.versions(),
    )


def _processes(
    folder: StackFolder, deployed: Deployed, supervised: Mapping[str, Mapping[str, Any]], eyes: Eyes
) -> Iterator[Process]:
    wanted = {process.name: process for process in deployed.processes}
    ends = _unasked_ends(folder.logs / "supervisord.log")
    for name in sorted(wanted.keys() | supervised.keys()):
        seen = tuple(eyes.see(eyes.belonging(folder, name)))
        parts = tuple(_ray_parts(seen)) if name == _RAY else ()
        own = sum(process.memory for process in seen) - sum(part.memory for part in parts)
        yield _supervised_process(wanted.get(name), name, supervised.get(name), own, ends.get(name, 0))
        yield from parts


def _supervised_process(
    wanted: DeployedProcess | None, name: str, record: Mapping[str, Any] | None, memory: int, restarts: int
) -> Process:
    ports = wanted.ports if wanted else ()
    if record is None:
        return Process(name, _role(name), _ABSENT, None, ports)
    pid = int(record["pid"]) or None
    return Process(
        name=name,
        role=_role(name),
        state=str(record["statename"]),
        pid=pid,
        ports=ports,
        uptime_seconds=max(0, int(record["now"]) - int(record["start"])) if pid else None,
        memory=memory,
        restarts=restarts,
    )


def _ray_parts(seen: Sequence[SeenProcess]) -> Iterator[Process]:
    found = ((ray_part(process.title), process) for process in seen)
    parts = [Process(part.name, part.role, _RUNNING, one.pid, memory=one.memory) for part, one in found if part]
    yield from sorted(parts, key=lambda process: (process.name, process.pid))


def _role(name: str) -> str:
    return name.partition("-")[0]


def _unasked_ends(log: Path) -> dict[str, int]:
    try:
        text = log.read_text(errors="replace")
    except OSError:
        return {}
    ended = re.findall(r"exited: ([\w-]+) \([^)]*; not expected\)", text)
    return {name: ended.count(name) for name in set(ended)}


def _gateways(deployed: Deployed, eyes: Eyes) -> Iterator[Gateway]:
    for process in deployed.processes:
        if _role(process.name) == "gateway" and process.ready_url:
            yield ask_gateway(process.name, process.ready_url, eyes.fetch)


def _applications(folder: StackFolder, deployed: Deployed, eyes: Eyes) -> tuple[Application, ...] | None:
    head = next((process for process in deployed.processes if process.name == _RAY), None)
    if head is None or head.ready_port is None:
        return None
    try:
        token = (folder.secrets / _RAY_TOKEN).read_text().strip()
    except OSError:
        return None
    return ask_applications(head.ready_port, token, eyes.fetch)


def _supervision_problems(supervised: object, everything: Sequence[SeenProcess]) -> Iterator[str]:
    if supervised is None:
        left = f"{len(everything)} processes are left without their supervisor"
        yield f"{left}; `forebay up` replaces them, `forebay down` ends them"


def _process_problems(processes: Sequence[Process]) -> Iterator[str]:
    for process in processes:
        if process.state != _RUNNING:
            yield f"{process.name} is {process.state}"


def _answer_problems(balancer: Sequence[Server], gateways: Sequence[Gateway]) -> Iterator[str]:
    if not balancer:
        yield "the balancer does not say how it sees the gateways"
    for server in balancer:
        if server.state != "UP":
            yield f"the balancer sees {server.name} as {server.state}"
    for gateway in gateways:
        if not gateway.ready:
            yield f"{gateway.name} is not ready: {gateway.reason or 'it does not say why'}"


def _serve_problems(deployed: Deployed, applications: Sequence[Application] | None) -> Iterator[str]:
    if applications is None:
        if _SERVE in deployed.tasks:
            yield "Ray's dashboard does not answer, so the state of the applications is not known"
        return
    for application in applications:
        if application.state != _RUNNING:
            yield f"the application {application.name} is {application.state}: {application.message or 'no message'}"
