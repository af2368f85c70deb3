from forebay.doctor import machine_checks, stack_checks, tool_checks
from forebay.doctor.finding import Check

CHECKS: tuple[Check, ...] = (
    machine_checks.python_version,
    machine_checks.system,
    machine_checks.memory,
    machine_checks.disk,
    machine_checks.shared_memory,
    tool_checks.engine,
    tool_checks.go,
    tool_checks.git,
    tool_checks.make,
    tool_checks.haproxy,
    tool_checks.valkey,
    tool_checks.ollama,
    stack_checks.ports,
    stack_checks.folders,
    stack_checks.lock,
    stack_checks.processes,
)
"""Everything that `forebay doctor` checks, in the order in which it is shown."""
