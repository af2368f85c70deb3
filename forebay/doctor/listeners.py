from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from infra.local.port_owner import PortOwner, is_free

if TYPE_CHECKING:
    from psutil import Process


def listeners(ports: Collection[int]) -> dict[int, PortOwner]:
    """Who has which of the ports, by one look at the whole machine, which takes a third of a second.

    A port whose owner the system does not tell is there without a process.
    """
    taken = [port for port in ports if not is_free(port)]
    processes = _listening(taken) if taken else {}
    return {port: _owner(port, processes.get(port)) for port in taken}


def _listening(ports: Iterable[int]) -> "dict[int, Process]":
    import psutil  # noqa: PLC0415 - only a taken port has to pay for it

    wanted = frozenset(ports)
    found: dict[int, psutil.Process] = {}
    try:
        connections = psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:
        return found
    for connection in connections:
        if connection.status != psutil.CONN_LISTEN or not connection.laddr or connection.pid is None:
            continue
        if connection.laddr.port in wanted and psutil.pid_exists(connection.pid):
            found[connection.laddr.port] = psutil.Process(connection.pid)
    return found


def _owner(port: int, process: "Process | None") -> PortOwner:
    import psutil  # noqa: PLC0415 - as above

    if process is None:
        return PortOwner(port, None, "unknown")
    try:
        return PortOwner(port, process.pid, " ".join(" ".join(process.cmdline()[:3]).split()))
    except psutil.Error:
        return PortOwner(port, process.pid, "unknown")
