"""What the last run of the engine left standing, from its file backend, without asking the engine."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_STACK = "pulumi:pulumi:Stack"
_PROCESS = "forebay:local:Process"
_TASK = "forebay:local:Task"


@dataclass(frozen=True, slots=True)
class DeployedProcess:
    """A process as it was asked for.

    Attributes:
        ready_url: Where it says whether it is ready, if it speaks HTTP.
        ready_port: The port by which it counts as ready, if it is one.
    """

    name: str
    ports: tuple[int, ...]
    ready_url: str | None = None
    ready_port: int | None = None


@dataclass(frozen=True, slots=True)
class Deployed:
    """The engine's state of a stack; empty where there is none.

    Attributes:
        outputs: What the program exported.
        tasks: Names of the things that were made by commands, as the Serve applications.
    """

    processes: tuple[DeployedProcess, ...] = ()
    tasks: frozenset[str] = frozenset()
    outputs: Mapping[str, str] = field(default_factory=dict)


def read_deployed(state: Path, stack: str) -> Deployed:
    """Read the stack's state file; a missing or half-written one counts as none."""
    try:
        document = json.loads((state / ".pulumi" / "stacks" / "forebay" / f"{stack}.json").read_text())
    except (OSError, ValueError):
        return Deployed()
    resources = list(_resources(document))
    return Deployed(
        processes=tuple(sorted((_process(one) for one in resources if one["type"] == _PROCESS), key=lambda p: p.name)),
        tasks=frozenset(str(one["inputs"]["name"]) for one in resources if one["type"] == _TASK),
        outputs={
            name: str(value)
            for one in resources
            if one["type"] == _STACK
            for name, value in one.get("outputs", {}).items()
        },
    )


def _resources(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    latest = document.get("checkpoint", {}).get("latest") or {}
    # What is only waiting to be deleted after a replacement is no part of the stack any more.
    yield from (one for one in latest.get("resources") or () if not one.get("delete"))


def _process(resource: Mapping[str, Any]) -> DeployedProcess:
    inputs = resource["inputs"]
    readiness = inputs.get("readiness") or {}
    return DeployedProcess(
        name=str(inputs["name"]),
        # The engine keeps numbers as floating ones where they came that way.
        ports=tuple(int(port) for port in inputs.get("ports") or ()),
        ready_url=readiness.get("http"),
        ready_port=int(readiness["port"]) if readiness.get("port") else None,
    )
