from pathlib import Path

from infra.local.folder import StackFolder
from infra.local.inputs import ProcessInputs, digest
from infra.local.private_file import write_private


class Applied:
    """What a process was last brought to, all the way: ready, and back in its balancer.

    What lies on disk is not what runs: an update that was killed may have written its files and not yet restarted or
    reloaded anything. So the last act of every change is to note the digest of its inputs, and the first act of the
    next one is to take the note away. Without a fitting note, a process counts as not running what it should.
    """

    def __init__(self, folder: StackFolder, name: str) -> None:
        self._path = folder.processes / f"{name}.applied"

    def fits(self, inputs: ProcessInputs) -> bool:
        try:
            return self._path.read_text() == _wanted(inputs)
        except OSError:
            return False

    def note(self, inputs: ProcessInputs) -> None:
        write_private(self._path, _wanted(inputs))

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)


def _wanted(inputs: ProcessInputs) -> str:
    return digest(inputs.model_copy(update={"running": True}))


def file_content(path: Path) -> str | None:
    """A file's text, whatever bytes are in it, or None when it is not there."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return None
