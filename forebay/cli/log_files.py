from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.2
_ENDING = ".log"

Line = tuple[str, str]
"""A process's name and one line of its log."""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The log files of a stack's processes, by the processes' names; each line is passed on as it was written."""

    paths: Mapping[str, Path]

    @classmethod
    def of_folder(cls, folder: Path) -> "LogFiles":
        """Every log in the folder; empty if there is no such folder."""
        return cls({path.name.removesuffix(_ENDING): path for path in sorted(folder.glob(f"*{_ENDING}"))})

    def last(self, lines: int) -> tuple[Line, ...]:
        """The last lines of each file, file by file."""
        return tuple((name, line) for name, path in self.paths.items() for line in _last(path, lines))

    def follow(self, lines: int, sleep: Callable[[float], None]) -> Iterator[Line]:
        """The last lines, then each new one as it comes; ends only with an exception, such as Ctrl-C."""
        readers = {name: _Reader(path) for name, path in self.paths.items()}
        yield from self.last(lines)
        while True:
            new = [(name, line) for name, reader in readers.items() for line in reader.new_lines()]
            yield from new
            if not new:
                sleep(_POLL_SECONDS)


class _Reader:
    """Reads what is added to a file, also after it was moved away and begun anew."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: int | None = None
        self._offset = 0
        self._begun = b""
        status = _status(path)
        if status is not None:
            self._file, self._offset = status

    def new_lines(self) -> list[str]:
        status = _status(self._path)
        if status is None:
            return []
        file, size = status
        if file != self._file or size < self._offset:
            self._file, self._offset, self._begun = file, 0, b""
        if size == self._offset:
            return []
        return self._read()

    def _read(self) -> list[str]:
        with self._path.open("rb") as stream:
            stream.seek(self._offset)
            content = stream.read()
        self._offset += len(content)
        *whole, self._begun = (self._begun + content).split(b"\n")
        return [line.decode(errors="replace") for line in whole]


def _status(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_ino, status.st_size


def _last(path: Path, lines: int) -> list[str]:
    try:
        with path.open(errors="replace") as stream:
            return [line.rstrip("\n") for line in deque(stream, maxlen=lines)]
    except OSError:
        return []
