import hashlib
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

_START_SECONDS = 30.0
_CALL_SECONDS = 60.0
_STOP_SECONDS = 10.0


class OllamaServer:
    """A real Ollama on loopback with a home and a model store of its own; it can be stopped and started again."""

    def __init__(self, program: Path, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._program = program
        self._folder = folder
        self._port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self._folder / "ollama.log"

    @property
    def process_id(self) -> int:
        """The server's process; it must have been started."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start serving and wait until it answers.

        Raises:
            TimeoutError: If it does not answer in time; with the end of its log.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._program), "serve"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while not self._answers():
            if time.monotonic() > end or self._process.poll() is not None:
                self.stop()
                raise TimeoutError(f"Ollama does not serve on {self.url}: {self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server and its model runners; does nothing if it is stopped."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP_SECONDS)

    def create(self, name: str, model: Path, parameters: dict[str, object]) -> None:
        """Make a model of the GGUF file, by the API as any client would."""
        content = model.read_bytes()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self._send(f"/api/blobs/{digest}", content).close()
        source = {"files": {model.name: digest}, "parameters": parameters, "template": "{{ .Prompt }}"}
        assert self.post("/api/create", {"model": name, "stream": False, **source}) == {"status": "success"}

    def post(self, path: str, body: dict[str, object]) -> dict[str, Any]:
        """The one JSON object that answers."""
        with self._send(path, json.dumps(body).encode()) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def stream(self, path: str, body: dict[str, object]) -> Iterator[dict[str, Any]]:
        """The JSON objects that answer, each as its line comes."""
        with self._send(path, json.dumps(body).encode()) as answer:
            for line in answer:
                yield json.loads(line)

    def _send(self, path: str, body: bytes) -> HTTPResponse:
        request = urllib.request.Request(self.url + path, data=body, headers={"Content-Type": "application/json"})
        answer = urllib.request.urlopen(request, timeout=_CALL_SECONDS)
        assert isinstance(answer, HTTPResponse)
        return answer

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/api/version", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(self._folder),
            "OLLAMA_HOST": f"127.0.0.1:{self._port}",
            "OLLAMA_MODELS": str(self._folder / "models"),
            "OLLAMA_NO_CLOUD": "1",
        }
