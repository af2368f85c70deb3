from collections.abc import Mapping
from typing import Any

from pydantic import Field

from stacks.settings.environment import Target
from stacks.settings.section import Section


class Rehearsal(Section):
    """What a stack is cut down to when it is built on this machine with `--target local`."""

    gateways: int = Field(default=2, ge=1, le=10, description="Gateway processes; each takes about 100 MiB.")
    replicas: int = Field(
        default=2, ge=1, le=16, description="Replicas of each serving application; each takes about 150 MiB."
    )


def retargeted(settings: Mapping[str, Any], target: str) -> dict[str, Any]:
    """Return dumped settings for ``target``; on this machine replicas are cut down and language models simulated."""
    changed = {**settings, "target": str(target)}
    if target != Target.LOCAL or settings["target"] == Target.LOCAL:
        return changed
    rehearsal, gateway, serving = settings["rehearsal"], settings["gateway"], settings["serving"]
    applications = {
        name: _rehearsed(application, rehearsal["replicas"]) for name, application in serving["applications"].items()
    }
    return changed | {
        "gateway": {**gateway, "replicas": min(rehearsal["gateways"], gateway["replicas"]), "max_replicas": None},
        "serving": {**serving, "applications": applications, "ha_proxy": False},
    }


def _rehearsed(application: Mapping[str, Any], replicas: int) -> dict[str, Any]:
    scaling = {**application["scaling"], "min_replicas": replicas, "max_replicas": replicas}
    kind = "simulated" if application["kind"] == "llm" else application["kind"]
    return {**application, "kind": kind, "scaling": scaling}
