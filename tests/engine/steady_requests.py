import http.client
import threading
import time
from typing import Self

from tests.engine.small_stack import Shape


class SteadyRequests:
    """Requests from four threads until the block ends: two keep their connections, two open one for each request."""

    def __init__(self, shape: Shape) -> None:
        self._port = shape.ports[2]
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(keep,)) for keep in (True, True, False, False)]
        self.answers: list[str] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        self.wait_for(20)
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int) -> None:
        """Until so many more requests have ended."""
        wanted = len(self.answers) + len(self.failures) + more
        end = time.monotonic() + 60
        while len(self.answers) + len(self.failures) < wanted and time.monotonic() < end:
            self._over.wait(0.01)

    def _ask(self, keep: bool) -> None:  # noqa: FBT001 - a thread's one argument
        connection = self._open()
        while not self._over.wait(0.02):
            try:
                connection.request("POST", "/", body=b"{}")
                response = connection.getresponse()
                body = response.read().decode()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection = self._reopened(connection)
            else:
                (self.answers if response.status == 200 else self.failures).append(body)
                connection = connection if keep and not response.will_close else self._reopened(connection)
        connection.close()

    def _open(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)

    def _reopened(self, connection: http.client.HTTPConnection) -> http.client.HTTPConnection:
        connection.close()
        return self._open()
