"""Talking to supervisord over its Unix socket (https://supervisord.org/api.html)."""

import xmlrpc.client
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from supervisor.xmlrpc import Faults, SupervisorTransport

_URL = "http://127.0.0.1"  # supervisor's transport wants one and ignores it


class SupervisorUnavailableError(Exception):
    """Nothing answers on supervisord's socket."""


class SupervisorClient:
    """One conversation with supervisord; a context manager, since each holds a connection.

    Raises:
        SupervisorUnavailableError: From any call, if nothing answers on the socket.
    """

    def __init__(self, socket: Path) -> None:
        self._transport = SupervisorTransport(None, None, f"unix://{socket}")
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
        with suppress(xmlrpc.client.Fault):
            self._call("stopProcessGroup", name, True)

    def remove(self, name: str) -> None:
        """Forget a stopped process. Absent is fine."""
        self._call_unless(Faults.BAD_NAME, "removeProcessGroup", name)

    def shutdown(self) -> None:
        self._call("shutdown")

    def _call_unless(self, fault: int, method: str, *arguments: object) -> None:
        try:
            self._call(method, *arguments)
        except xmlrpc.client.Fault as error:
            if error.faultCode != fault:
                raise

    def _call(self, method: str, *arguments: object) -> Any:  # noqa: ANN401 - XML-RPC answers are untyped
        try:
            return getattr(self._proxy.supervisor, method)(*arguments)
        except (OSError, xmlrpc.client.ProtocolError) as error:
            raise SupervisorUnavailableError(f"supervisord does not answer: {error}") from error
