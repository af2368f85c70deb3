import socket
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PortOwner:
    """Who listens on a port; `pid` is None where the system does not tell, as for another user's process."""

    port: int
    pid: int | None
    command: str

    def __str__(self) -> str:
        return f"{self.command} (pid {self.pid})" if self.pid else "a process of another user"


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a listener could take the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def owner_of(port: int) -> PortOwner | None:
    """The process that listens on the port, or None when it is free."""
    import psutil  # noqa: PLC0415 - a tenth of a second that only a taken port has to pay

    for connection in psutil.net_connections(kind="tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port:
            return PortOwner(port, connection.pid, _command(connection.pid))
    return None if is_free(port) else PortOwner(port, None, "unknown")


def _command(pid: int | None) -> str:
    import psutil  # noqa: PLC0415 - as above

    try:
        return " ".join(psutil.Process(pid).cmdline()[:3]) if pid else "unknown"
    except psutil.Error:
        return "unknown"
