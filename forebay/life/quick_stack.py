"""The Automation API's stack without the questions that we do not ask.

After every operation it asks the engine's command line for the outputs, twice, and for the history: three processes of
half a second, where the operation's own events have told the outputs already. Before, it selects the stack, which every
operation names anyway. This module is imported only by commands that have an engine to run.
"""

from datetime import UTC, datetime

from pulumi import automation
from semver import VersionInfo

from forebay.engine.find import Engine


class QuickStack(automation.Stack):
    """A stack that is known to exist; results of its operations carry no outputs and an empty summary."""

    def __init__(self, name: str, workspace: automation.LocalWorkspace) -> None:
        # Not the base's constructor: all that it does beyond this is to select the stack.
        self.name = name
        self.workspace = workspace

    def outputs(self) -> automation.OutputMap:
        return {}

    def info(self, show_secrets: bool = True) -> automation.UpdateSummary:  # noqa: ARG002, FBT001, FBT002 - the base's
        return automation.UpdateSummary("", datetime.now(UTC), "", {}, {}, "succeeded")


class FoundCommand(automation.PulumiCommand):
    """The engine that was found, without asking it for its version once more."""

    def __init__(self, engine: Engine) -> None:
        # Not the base's constructor: it looks for `bin/pulumi` below a root, and runs it.
        self.command = str(engine.path)
        self.version = VersionInfo.parse(engine.version)
