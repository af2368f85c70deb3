"""Talking to supervisord over its Unix socket (https://supervisord.org/api.html)."""

import http.client
import socket
import xmlrpc.client
from pathlib import Path
from typing import Any, Self

from supervisor.xmlrpc import Faults, SupervisorTransport, UnixStreamHTTPConnection

_ANSWER_SECONDS = 10.0
_URL = "http://127.0.0.1"  # supervisor's transport wants one and ignores it


class SupervisorError(Exception):
    """Supervisord refused or failed at what it was asked for."""


class SupervisorUnavailableError(SupervisorError):
    """Nothing answers on supervisord's socket, or not in time."""


class _Connection(UnixStreamHTTPConnection):  # type: ignore[misc]  # published without types
    """As supervisor's own, with a limit on every wait: a frozen daemon must not freeze whoever asks."""

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.socketfile)


class _Transport(SupervisorTransport):  # type: ignore[misc]  # as above
    """As supervisor's own, over such a connection."""

    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__(None, None, f"unix://{path}")

        def connect(host: str = "localhost") -> _Connection:
            connection = _Connection(host, timeout=seconds)
            connection.socketfile = str(path)
            return connection

        self._get_connection = connect


class SupervisorClient:
    """One conversation with supervisord; a context manager, since each holds a connection.

    Args:
        path: Supervisord's socket.
        answer_seconds: How long one answer may take; stopping a process takes as long as the process.

    Raises:
        SupervisorUnavailableError: From any call, if nothing answers on the socket.
        SupervisorError: From any call, if supervisord refuses it.
    """

    def __init__(self, path: Path, answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._transport = _Transport(path, answer_seconds)
        self._proxy = xmlrpc.client.ServerProxy(_URL, transport=self._transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._transport.close()

    def ping(self) -> bool:
        """Whether supervisord answers and is running."""
        try:
            return bool(self._call("getState")["statename"] == "RUNNING")
        except SupervisorUnavailableError:
            return False

    def pid(self) -> int:
        return int(self._call("getPID"))

    def states(self) -> dict[str, dict[str, Any]]:
        """Name of each process -> supervisor's record of it (`statename`, `pid`, `start`, `exitstatus` …)."""
        return {record["name"]: record for record in self._call("getAllProcessInfo")}

    def add(self, name: str) -> None:
        """Take a process up from the include folder; it starts by itself. Already known is fine."""
        self._call("reloadConfig")
        self._call_unless(Faults.ALREADY_ADDED, "addProcessGroup", name)

    def start(self, name: str) -> None:
        """Ask for a start without waiting for it. Already started is fine."""
        self._call_unless(Faults.ALREADY_STARTED, "startProcess", name, False)

    def stop(self, name: str) -> None:
        """Stop the process and wait until it is gone. Absent or stopped is fine."""
        self._call_unless(Faults.BAD_NAME, "stopProcessGroup", name, True)

    def remove(self, name: str) -> None:
        """Forget a stopped process. Absent is fine."""
        self._call_unless(Faults.BAD_NAME, "removeProcessGroup", name)

    def shutdown(self) -> None:
        self._call("shutdown")

    def _call_unless(self, fault: int, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except SupervisorError as error:
            if getattr(error.__cause__, "faultCode", None) != fault:
                raise

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - XML-RPC answers are untyped
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except (OSError, xmlrpc.client.ProtocolError, http.client.HTTPException) as error:
            raise SupervisorUnavailableError(f"supervisord does not answer: {error}") from error
        except xmlrpc.client.Fault as error:
            raise SupervisorError(f"supervisord refused {method}: {error.faultString}") from error
