"""Gives a configuration to a running Serve and waits for it, by the dashboard's REST interface, without Ray.

Serve applies a configuration asynchronously: accepted says nothing about running, and an application that cannot
start is retried before it is given up. `wait_running` therefore reads the state until every application runs, or one
has failed, or time is up.
"""

import http.client
import json
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

APPLICATIONS_PATH = "/api/serve/applications/"
POLL_SECONDS = 0.3
# Starting Serve itself takes some seconds on two cores, and the first PUT waits for that.
DEFAULT_TIMEOUT_SECONDS = 60.0
LONGEST_REASON = 600


class DeployError(Exception):
    """Serve did not do what was asked; the message says what to look at."""


class UnreachableError(DeployError):
    """Nothing answers at the address, or not in time; worth another try while a head starts."""


class RefusedError(DeployError):
    """The token or the configuration is not accepted; trying again is of no use."""


@dataclass(frozen=True, slots=True)
class ApplicationStatus:
    """One application as Serve sees it.

    Attributes:
        name: Serve's name of it.
        status: RUNNING, DEPLOYING, DEPLOY_FAILED, UNHEALTHY, DELETING or NOT_STARTED.
        message: Serve's reason, empty when there is none.
        replicas: running ones and wanted ones, over all its deployments.
        config: what was deployed, as Serve keeps it.
    """

    name: str
    status: str
    message: str
    replicas: tuple[int, int]
    config: Mapping[str, object]

    @property
    def is_running(self) -> bool:
        running, wanted = self.replicas
        return self.status == "RUNNING" and running >= wanted


def apply(
    config: Mapping[str, object], address: str, token: str, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
) -> None:
    """Make `config` the goal of Serve at `address` ("host:port" of the dashboard); the first call starts Serve.

    Raises:
        UnreachableError: nothing answers.
        RefusedError: the token or the configuration is not accepted.
    """
    _request("PUT", address, token, timeout_seconds, json.dumps(config).encode())


def delete(address: str, token: str, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> None:
    """Stop Serve with all its applications; none running is no error.

    Raises:
        UnreachableError: nothing answers.
        RefusedError: the token is not accepted.
    """
    _request("DELETE", address, token, timeout_seconds)


def status(address: str, token: str, timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS) -> dict[str, ApplicationStatus]:
    """Return every application by name; none while Serve has not been started.

    Raises:
        UnreachableError: nothing answers, or something other than Serve.
        RefusedError: the token is not accepted.
    """
    body = _request("GET", address, token, timeout_seconds)
    try:
        applications = json.loads(body)["applications"]
        return {name: _parse(name, details) for name, details in applications.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreachableError(f"What answers at {address} is not Ray Serve ({type(error).__name__}).") from None


@dataclass(frozen=True, slots=True)
class Waiter:
    """How long to wait, and on which clock.

    Attributes:
        now: monotonic seconds.
        sleep: waits for some seconds.
        deadline: the instant on `now`'s clock at which to give up.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]
    deadline: float

    def left(self) -> float:
        return self.deadline - self.now()


def wait_running(names: frozenset[str], address: str, token: str, waiter: Waiter) -> dict[str, ApplicationStatus]:
    """Wait until all of `names` run with all their replicas; an address that is not up yet is waited for.

    Raises:
        RefusedError: the token is not accepted, or Serve gave an application up.
        UnreachableError: time is up; the message says what is missing.
    """
    missing = "Serve has not answered yet"
    while (left := waiter.left()) > 0:
        try:
            found = status(address, token, min(left, DEFAULT_TIMEOUT_SECONDS))
        except UnreachableError as error:
            missing = str(error)
        else:
            waiting = sorted(name for name in names if name not in found or not found[name].is_running)
            if not waiting:
                return {name: found[name] for name in sorted(names)}
            _raise_given_up(found, waiting)
            missing = "; ".join(_describe(name, found.get(name)) for name in waiting)
        waiter.sleep(min(POLL_SECONDS, max(0.0, waiter.left())))
    raise UnreachableError(f"Serve at {address} is not ready in time: {missing}. See the logs in its session folder.")


def _raise_given_up(found: Mapping[str, ApplicationStatus], names: list[str]) -> None:
    for name in names:
        if name in found and found[name].status == "DEPLOY_FAILED":
            raise RefusedError(f"Serve gave up on application {name!r}: {_shortened(found[name].message)}")


def _describe(name: str, application: ApplicationStatus | None) -> str:
    if application is None:
        return f"{name} is unknown to Serve"
    running, wanted = application.replicas
    return f"{name} is {application.status} with {running} of {wanted} replicas"


def _parse(name: str, details: Mapping[str, object]) -> ApplicationStatus:
    deployments = details.get("deployments") or {}
    config = details.get("deployed_app_config") or {}
    if not isinstance(deployments, Mapping) or not isinstance(config, Mapping):
        raise TypeError
    replicas = [replica for one in deployments.values() for replica in one.get("replicas") or ()]
    wanted = sum(one.get("target_num_replicas") or 0 for one in deployments.values())
    running = sum(replica.get("state") == "RUNNING" for replica in replicas)
    message = " ".join(str(one["message"]) for one in (details, *deployments.values()) if one.get("message"))
    return ApplicationStatus(name, str(details["status"]), message, (running, wanted), config)


def _request(
    method: Literal["GET", "PUT", "DELETE"], address: str, token: str, timeout_seconds: float, body: bytes | None = None
) -> bytes:
    connection = http.client.HTTPConnection(address, timeout=timeout_seconds)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    try:
        connection.request(method, APPLICATIONS_PATH, body, headers)
        response = connection.getresponse()
        content = response.read()
    except (OSError, http.client.HTTPException, socket.gaierror) as error:
        raise UnreachableError(f"Ray's dashboard at {address} does not answer ({type(error).__name__}).") from None
    finally:
        connection.close()
    if response.status in {401, 403}:
        raise RefusedError(f"Ray's dashboard at {address} does not accept the token ({response.status}).")
    if response.status == http.HTTPStatus.BAD_REQUEST:
        raise RefusedError(f"Serve does not accept the configuration: {_shortened(content.decode(errors='replace'))}")
    if response.status != http.HTTPStatus.OK:
        raise UnreachableError(f"Ray's dashboard at {address} answers {response.status}; it may still be starting.")
    return content


def _shortened(reason: str) -> str:
    """Keep the end of a reason: Serve's are tracebacks, and what matters is their last line."""
    lines = " ".join(reason.split())
    return lines if len(lines) <= LONGEST_REASON else f"…{lines[-LONGEST_REASON:]}"
