"""What the parts of a running stack say about themselves, each question with a deadline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Fetch = Callable[[str, str | None], Mapping[str, Any] | None]
"""The JSON object behind a URL, asked for with a bearer token if there is one; None if none comes in time."""


@dataclass(frozen=True, slots=True)
class Server:
    """One gateway as HAProxy sees it.

    Attributes:
        state: HAProxy's word: UP, DOWN, DRAIN, MAINT, or one on the way between them, as `UP 1/2`.
        sessions: Requests that it has now.
    """

    backend: str
    name: str
    state: str
    weight: int
    sessions: int


@dataclass(frozen=True, slots=True)
class Gateway:
    """One gateway as it sees itself.

    Attributes:
        reason: Why it is not ready.
        providers: Each provider's state, from traffic and breakers.
    """

    name: str
    ready: bool
    reason: str
    providers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Application:
    """One application as Ray Serve sees it.

    Attributes:
        replicas: How many are running.
    """

    name: str
    state: str
    replicas: int
    message: str


def read_servers(rows: Sequence[Mapping[str, str]]) -> tuple[Server, ...]:
    """The servers in what `show stat` answers (HAProxy's management guide, section 9.1)."""
    return tuple(
        Server(row["pxname"], row["svname"], row["status"], _number(row["weight"]), _number(row["scur"]))
        for row in rows
        if row["svname"] not in {"FRONTEND", "BACKEND"}
    )


def ask_gateway(name: str, ready_url: str, fetch: Fetch) -> Gateway:
    """Ask a gateway on its internal listener."""
    readiness = fetch(ready_url, None)
    if readiness is None:
        return Gateway(name, ready=False, reason="does not answer", providers={})
    health = fetch(ready_url.removesuffix("/readyz") + "/health/gpu-providers", None) or {}
    providers = health.get("gpu_providers", {}).get("providers", {})
    return Gateway(
        name=name,
        ready=readiness.get("ready") is True,
        reason=str(readiness.get("reason", "")),
        providers={str(provider): str(one.get("status")) for provider, one in providers.items()},
    )


def ask_applications(dashboard_port: int, token: str, fetch: Fetch) -> tuple[Application, ...] | None:
    """Ask the Ray dashboard (https://docs.ray.io/en/latest/serve/api, GET /api/serve/applications/)."""
    found = fetch(f"http://127.0.0.1:{dashboard_port}/api/serve/applications/", token)
    if found is None:
        return None
    return tuple(_application(str(name), one) for name, one in sorted(found.get("applications", {}).items()))


def _application(name: str, one: Mapping[str, Any]) -> Application:
    replicas = [
        replica
        for deployment in one.get("deployments", {}).values()
        for replica in deployment.get("replicas", ())
        if replica.get("state") == "RUNNING"
    ]
    return Application(name, str(one.get("status")), len(replicas), str(one.get("message", "")))


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0
