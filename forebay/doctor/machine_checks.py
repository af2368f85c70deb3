from forebay.doctor.facts import Facts
from forebay.doctor.finding import Finding, Level
from forebay.tools.version import Version

LEAST_PYTHON = Version(3, 11)
FIRST_PYTHON_TOO_NEW = Version(3, 14)

_GIB = 1024**3
_MIB = 1024**2

# The local stack's processes together stay under this.
STACK_MEMORY = 3 * _GIB

# What the Go module and build caches of an engine take, with room for a stack's logs and data.
ROOMY_DISK = 6 * _GIB
LEAST_DISK = _GIB

# Two requests' worth of objects for each of Ray's workers; below this Ray spills to disk.
LEAST_SHARED_MEMORY = 128 * _MIB


def python_version(facts: Facts) -> Finding:
    """Python is one that the lock was made for."""
    have = facts.machine.python
    if LEAST_PYTHON <= have < FIRST_PYTHON_TOO_NEW:
        return Finding(name="python", level=Level.OK, finding=f"Python {have}")
    return Finding(
        name="python",
        level=Level.FAIL,
        finding=f"Python {have} is not one of 3.11 to 3.13",
        mend="install Python 3.13, delete .venv, then run `make PYTHON=python3.13 up`",
    )


def system(facts: Facts) -> Finding:
    """The packages that carry HAProxy and Valkey, and the way leftovers are found, are Linux's."""
    have = facts.machine.system
    if have == "Linux":
        return Finding(name="system", level=Level.OK, finding="Linux")
    return Finding(
        name="system",
        level=Level.WARN,
        finding=f"{have}: the local stack is made for Linux",
        mend="use Linux or WSL2, or put haproxy and valkey-server on PATH",
    )


def memory(facts: Facts) -> Finding:
    """There is room for the stack, unless it has taken it already."""
    machine = facts.machine
    finding = f"{_size(machine.memory_available)} of {_size(machine.memory_total)} are free"
    if machine.memory_total < STACK_MEMORY:
        return Finding(
            name="memory",
            level=Level.FAIL,
            finding=f"{finding}; the stack takes up to {_size(STACK_MEMORY)}",
            mend="use a machine with more memory",
        )
    if machine.memory_available < STACK_MEMORY and not facts.stack.processes:
        return Finding(
            name="memory",
            level=Level.WARN,
            finding=f"{finding}; the stack takes up to {_size(STACK_MEMORY)}",
            mend="end other programs, or set fewer replicas",
        )
    return Finding(name="memory", level=Level.OK, finding=finding)


def disk(facts: Facts) -> Finding:
    """There is room for logs, data and a built engine."""
    free, folder = facts.machine.disk_free, facts.machine.disk_folder
    finding = f"{_size(free)} are free in {folder}"
    if free < LEAST_DISK:
        level, mend = Level.FAIL, f"free at least {_size(LEAST_DISK)} in {folder}"
    elif free < ROOMY_DISK and facts.tools.engine is None:
        level, mend = (
            Level.WARN,
            f"building the engine takes up to {_size(ROOMY_DISK)}; free as much, or install pulumi",
        )
    else:
        level, mend = Level.OK, ""
    return Finding(name="disk", level=level, finding=finding, mend=mend)


def shared_memory(facts: Facts) -> Finding:
    """Ray's object store fits into /dev/shm."""
    free = facts.machine.shared_memory_free
    if free is None:
        finding = "there is no /dev/shm"
    elif free >= LEAST_SHARED_MEMORY or facts.stack.processes:
        return Finding(name="shared memory", level=Level.OK, finding=f"{_size(free)} are free in /dev/shm")
    else:
        finding = f"only {_size(free)} are free in /dev/shm"
    return Finding(
        name="shared memory",
        level=Level.WARN,
        finding=f"{finding}: Ray will keep its objects on disk",
        mend="mount a larger /dev/shm; in a container, start it with --shm-size=1g",
    )


def _size(amount: int) -> str:
    return f"{amount / _GIB:.1f} GiB" if amount >= _GIB else f"{amount / _MIB:.0f} MiB"
