from collections.abc import Callable, Mapping
from typing import Any

from infra.local.folder import StackFolder
from infra.local.provider.kinds.kind import Kind
from infra.local.provider.kinds.process import ProcessKind
from infra.local.provider.kinds.secret import SecretKind
from infra.local.provider.kinds.supervisor import SupervisorKind
from infra.local.provider.kinds.task import TaskKind
from infra.naming import local_token

__all__ = ["all_kinds"]


def all_kinds(folder: StackFolder, token: Callable[[int], str]) -> Mapping[str, Kind[Any]]:
    """Type token -> kind, for one stack's folder; `token(n)` gives n random bytes in hexadecimal."""
    return {
        local_token("Supervisor"): SupervisorKind(folder),
        local_token("Secret"): SecretKind(folder, token),
        local_token("Process"): ProcessKind(folder),
        local_token("Task"): TaskKind(folder),
    }
