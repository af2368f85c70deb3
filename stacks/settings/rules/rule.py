from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from stacks.settings.problem import Problem

if TYPE_CHECKING:
    from stacks.settings.settings import StackSettings

# A rule over several settings: it yields one problem for each breach.
Rule = Callable[["StackSettings"], Iterator[Problem]]
