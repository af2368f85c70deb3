from pathlib import Path

from stacks.settings.problem import Problem, StackSettingsError
from stacks.settings.settings import StackSettings, from_mapping
from stacks.settings.stack_file import read_stack_file


def load(path: Path, environment: str | None = None) -> StackSettings:
    """Read and check the settings of one stack.

    Args:
        path: a file called ``Pulumi.<stack>.yaml``.
        environment: what the settings must be for; by default the stack in the file's name.

    Raises:
        StackSettingsError: one problem, with its line, for each thing that is wrong.
    """
    file = read_stack_file(path)
    try:
        settings = from_mapping(file.settings)
        _check_environment(settings, environment or file.stack, path)
    except StackSettingsError as error:
        located = (problem.at(file.line_of(problem.path)) for problem in error.problems)
        raise StackSettingsError(located, path) from None
    return settings


def _check_environment(settings: StackSettings, expected: str, path: Path) -> None:
    if settings.environment != expected:
        told = f"is {settings.environment}, but {path.name} was read for {expected}"
        raise StackSettingsError([Problem(("environment",), f"{told}: set {expected}, or name the other file")])
