import shutil
import time
from collections.abc import Callable

from infra.local.folder import StackFolder
from infra.local.inputs import SupervisorInputs
from infra.local.provider.kinds.kind import ResourceError
from infra.local.supervision.client import SupervisorError
from infra.local.supervision.daemon import SupervisorDaemon


class SupervisorKind:
    """The daemon that keeps the stack's processes, and the folders that they use."""

    inputs = SupervisorInputs

    def __init__(self, folder: StackFolder, sleep: Callable[[float], None] = time.sleep) -> None:
        self._folder = folder
        self._daemon = SupervisorDaemon(folder, sleep=sleep)

    def create(self, inputs: SupervisorInputs) -> None:
        del inputs
        try:
            self._daemon.start()
        except (SupervisorError, OSError) as error:
            raise ResourceError(str(error)) from error

    def read(self, inputs: SupervisorInputs) -> SupervisorInputs | None:
        return inputs.model_copy(update={"running": self._daemon.is_running()})

    def update(self, old: SupervisorInputs, new: SupervisorInputs) -> None:
        del old
        self.create(new)

    def delete(self, inputs: SupervisorInputs) -> None:
        del inputs
        try:
            self._daemon.stop()
        except (SupervisorError, TimeoutError) as error:
            raise ResourceError(str(error)) from error
        for path in (self._folder.run, self._folder.processes, self._folder.logs, self._folder.data):
            shutil.rmtree(path, ignore_errors=True)
        self._folder.supervisor_config.unlink(missing_ok=True)

    def replaced_by(self) -> frozenset[str]:
        return frozenset()
