from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

from forebay.cli.render.columns import columns
from forebay.cli.render.words import mebibytes
from forebay.life.status import Health, Process, Status


def status_lines(status: Status, shown: Callable[[Path], str]) -> tuple[str, ...]:
    """The status for people; `shown` writes paths as they are seen from the current folder."""
    if status.health is Health.NOT_RUNNING:
        return (f"The stack {status.stack} is not running; `forebay up {status.stack}` stands it up.", *_drift(status))
    return (
        f"The stack {status.stack} is {status.health}{':' if status.problems else '.'}",
        *(f"  {problem}" for problem in status.problems),
        "",
        *columns(list(_facts(status, shown))),
        *_processes(status),
        *_balancer(status),
        *_applications(status),
        *_drift(status),
    )


def _facts(status: Status, shown: Callable[[Path], str]) -> Iterator[tuple[str, str]]:
    yield "url", status.url or "none yet"
    if status.key_file:
        yield "key", f"in {shown(Path(status.key_file))}"
    yield "target", status.target or "none yet"
    yield "memory", mebibytes(status.memory)
    yield "price", status.price
    yield "versions", ", ".join(f"{name} {version}" for name, version in status.versions.items())


def _processes(status: Status) -> tuple[str, ...]:
    header = ("PROCESS", "STATE", "PID", "UP", "RESTARTS", "MEMORY", "PORTS")
    return ("", *columns([header, *map(_process, status.processes)]))


def _process(process: Process) -> tuple[str, ...]:
    return (
        process.name,
        process.state,
        str(process.pid or "-"),
        "-" if process.uptime_seconds is None else str(timedelta(seconds=process.uptime_seconds)),
        "-" if process.restarts is None else str(process.restarts),
        mebibytes(process.memory),
        ", ".join(map(str, process.ports)),
    )


def _balancer(status: Status) -> tuple[str, ...]:
    if not status.balancer and not status.gateways:
        return ()
    seen = {server.name: server for server in status.balancer}
    own = {gateway.name: gateway for gateway in status.gateways}
    rows = [("GATEWAY", "BALANCER", "WEIGHT", "READY", "PROVIDERS")]
    for name in sorted(seen.keys() | own.keys()):
        server, gateway = seen.get(name), own.get(name)
        providers = gateway.providers.items() if gateway else ()
        rows.append(
            (
                name,
                server.state if server else "-",
                str(server.weight) if server else "-",
                "yes" if gateway and gateway.ready else "no",
                ", ".join(f"{provider}: {state}" for provider, state in providers),
            )
        )
    return ("", *columns(rows))


def _applications(status: Status) -> tuple[str, ...]:
    if not status.applications:
        return ()
    rows = [(one.name, one.state, str(one.replicas), one.message) for one in status.applications]
    return ("", *columns([("APPLICATION", "STATE", "REPLICAS", ""), *rows]))


def _drift(status: Status) -> tuple[str, ...]:
    if status.drift is None:
        return ()
    if not status.drift:
        return ("", "No drift: everything is as the settings say.")
    names = ", ".join(str(change["name"]) for change in status.drift)
    return ("", f"Drift: `forebay preview {status.stack}` shows what differs in {names}.")
