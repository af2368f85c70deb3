"""What each environment is: `load` reads one stack file, `StackSettings` is what it means."""

from stacks.settings.environment import Environment, Target
from stacks.settings.load import load
from stacks.settings.problem import Problem, StackSettingsError
from stacks.settings.settings import StackSettings, from_mapping

__all__ = ["Environment", "Problem", "StackSettings", "StackSettingsError", "Target", "from_mapping", "load"]
