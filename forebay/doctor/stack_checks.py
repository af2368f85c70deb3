from forebay.doctor.facts import Facts, FolderFacts, StackFacts
from forebay.doctor.finding import Finding, Level

_OTHERS = 0o077
_NAMED_AT_MOST = 5


def ports(facts: Facts) -> Finding:
    """Every port of the stack is free, or the stack's own."""
    stack = facts.stack
    taken = {port: owner for port, owner in sorted(stack.listeners.items()) if owner.pid not in stack.processes}
    wanted = f"{stack.balancer} and {stack.block.start} to {stack.block.stop - 1}"
    if not taken:
        state = f"in use by the stack itself: {len(stack.listeners)}" if stack.listeners else "all free"
        return Finding(name="ports", level=Level.OK, finding=f"{wanted}: {state}")
    named = "; ".join(f"{port} is taken by {owner}" for port, owner in list(taken.items())[:_NAMED_AT_MOST])
    more = f"; and {len(taken) - _NAMED_AT_MOST} more" if len(taken) > _NAMED_AT_MOST else ""
    setting = " or ".join(sorted({"ports.balancer" if port == stack.balancer else "ports.block" for port in taken}))
    return Finding(
        name="ports",
        level=Level.FAIL,
        finding=f"port {named}{more}",
        mend=f"end that program, or set {setting} in {stack.settings}",
    )


def folders(facts: Facts) -> Finding:
    """The stack's folders, with its secrets in them, are the user's alone."""
    stack = facts.stack
    foreign = [folder for folder in stack.folders if not folder.is_mine]
    if foreign:
        return Finding(
            name="folders",
            level=Level.FAIL,
            finding=f"{_paths(foreign)} belongs to another user",
            mend=f"remove it, or run as the user that owns it: {_paths(foreign)}",
        )
    open_ones = [folder for folder in stack.folders if folder.mode & _OTHERS]
    if open_ones:
        modes = ", ".join(f"{folder.path} has mode {folder.mode:04o}" for folder in open_ones)
        return Finding(
            name="folders",
            level=Level.FAIL,
            finding=f"{modes}: other users can look into it",
            mend=f"chmod 700 {' '.join(str(folder.path) for folder in open_ones)}",
        )
    return Finding(name="folders", level=Level.OK, finding=_paths(stack.folders) or "none yet")


def lock(facts: Facts) -> Finding:
    """Nobody is changing the stack, and nobody was killed while changing it."""
    stack = facts.stack
    if stack.lock_holder is not None:
        return Finding(
            name="lock",
            level=Level.WARN,
            finding=f"process {stack.lock_holder} is changing the stack {stack.name}",
            mend="wait for it to end",
        )
    if stack.was_interrupted:
        return Finding(
            name="lock",
            level=Level.WARN,
            finding=f"an earlier run on the stack {stack.name} ended in the middle",
            mend=f"run `forebay up {stack.name}`: it goes on from there; or `forebay down {stack.name}`",
        )
    return Finding(name="lock", level=Level.OK, finding="free")


def processes(facts: Facts) -> Finding:
    """The stack's processes are all under its supervisor."""
    stack = facts.stack
    if not stack.processes:
        return Finding(name="processes", level=Level.OK, finding=f"the stack {stack.name} is not running")
    if stack.is_supervised:
        return Finding(name="processes", level=Level.OK, finding=f"{len(stack.processes)} under the stack's supervisor")
    return Finding(
        name="processes",
        level=Level.WARN,
        finding=f"{len(stack.processes)} are left without their supervisor: {_ids(stack)}",
        mend=f"run `forebay up {stack.name}`, which replaces them, or `forebay down {stack.name}`, which ends them",
    )


def _paths(found: list[FolderFacts] | tuple[FolderFacts, ...]) -> str:
    return ", ".join(str(folder.path) for folder in found)


def _ids(stack: StackFacts) -> str:
    ids = sorted(stack.processes)
    return ", ".join(map(str, ids[:_NAMED_AT_MOST])) + (" …" if len(ids) > _NAMED_AT_MOST else "")
