"""HAProxy's runtime API (management guide, section 9.3) and its master's (9.4), over their Unix sockets."""

import csv
import io
import socket
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.inputs import Drain

_TIMEOUT_SECONDS = 10.0
_POLL_SECONDS = 0.05


class HaproxyError(Exception):
    """HAProxy refused a command or a configuration, or did not do in time what it was asked for."""


def command(path: Path, line: str) -> str:
    """Send one command and return the whole answer.

    Raises:
        OSError: If nothing answers on the socket.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_TIMEOUT_SECONDS)
        connection.connect(str(path))
        connection.sendall(f"{line}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def reload(master: Path) -> None:
    """Have the master start workers on the new configuration; the old ones end their requests.

    Raises:
        HaproxyError: If the configuration is refused; the old workers stay.
    """
    answer = command(master, "reload")
    if not answer.startswith("Success=1"):
        raise HaproxyError(f"HAProxy kept its old configuration: {answer.strip()}")


class BalancedServer:
    """One server in a running HAProxy: kept from new requests, waited for, given back."""

    def __init__(
        self,
        drain: Drain,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._drain = drain
        self._socket = Path(drain.socket)
        self._now = now
        self._sleep = sleep

    def take_out(self) -> None:
        """Send nothing new to the server and wait until its requests have ended, or the drain's time is over."""
        if self._row() is None:
            return
        self._set_state("drain")
        end = self._now() + self._drain.seconds
        while self._now() < end and (row := self._row()) and row["scur"] != "0":
            self._sleep(_POLL_SECONDS)

    def put_back(self) -> None:
        """Send new requests to the server again and wait until its health check has passed.

        Raises:
            HaproxyError: If the check does not pass within the drain's time.
        """
        if self._row() is None:
            return
        self._set_state("ready")
        end = self._now() + self._drain.seconds
        while (row := self._row()) and not row["status"].startswith("UP"):
            if self._now() > end:
                raise HaproxyError(f"{self._drain.server} answers, but HAProxy's check of it says {row['status']}")
            self._sleep(_POLL_SECONDS)

    def is_alone(self) -> bool:
        """Whether HAProxy runs and no other server of the backend would answer."""
        others = self._others()
        return bool(others) and not any(row["status"].startswith("UP") for row in others)

    def siblings(self) -> list[str]:
        """The names of the backend's other servers."""
        return [row["svname"] for row in self._others()]

    def wait_for_sibling(self) -> None:
        """Until another server of the backend answers, or the drain's time is over."""
        end = self._now() + self._drain.seconds
        while self._now() < end and self.is_alone():
            self._sleep(_POLL_SECONDS)

    def _others(self) -> list[dict[str, str]]:
        own = {self._drain.server, "FRONTEND", "BACKEND"}
        return [row for row in self._rows() if row["pxname"] == self._drain.backend and row["svname"] not in own]

    def _set_state(self, state: str) -> None:
        command(self._socket, f"set server {self._drain.backend}/{self._drain.server} state {state}")

    def _row(self) -> dict[str, str] | None:
        wanted = (self._drain.backend, self._drain.server)
        return next((row for row in self._rows() if (row["pxname"], row["svname"]) == wanted), None)

    def _rows(self) -> list[dict[str, str]]:
        try:
            return statistics(self._socket)
        except OSError:
            return []


def statistics(path: Path) -> list[dict[str, str]]:
    """`show stat` as one dictionary a line: `pxname`, `svname`, `status`, `scur` and the rest.

    Raises:
        OSError: If nothing answers on the socket.
    """
    answer = command(path, "show stat").removeprefix("# ")
    return list(csv.DictReader(io.StringIO(answer)))
