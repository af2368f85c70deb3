import http.client
import socket
import urllib.request
from collections.abc import Callable
from urllib.parse import urlsplit

from infra.local.inputs import Readiness

_PROBE_SECONDS = 2.0


def probe(readiness: Readiness) -> Callable[[], bool]:
    """One look at whether a process is ready; never raises, never takes longer than two seconds."""
    if readiness.http is not None:
        url = readiness.http
        return lambda: _answers(url)
    if readiness.port is not None:
        address = ("127.0.0.1", readiness.port)
        return lambda: _connects(socket.AF_INET, address)
    if readiness.socket is not None:
        path = readiness.socket
        return lambda: _connects(socket.AF_UNIX, path)
    return lambda: True


def _answers(url: str) -> bool:
    if urlsplit(url).hostname != "127.0.0.1":
        return False
    # No proxy from the environment may stand between a probe and a loopback address.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
    try:
        with opener.open(url, timeout=_PROBE_SECONDS) as response:
            return bool(200 <= response.status < 300)  # noqa: PLR2004 - the 2xx range
    except (OSError, http.client.HTTPException, ValueError):
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A probe of this machine is not to be led elsewhere."""

    def redirect_request(self, *_: object) -> None:
        return None


def _connects(family: socket.AddressFamily, address: tuple[str, int] | str) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as connection:
        connection.settimeout(_PROBE_SECONDS)
        try:
            connection.connect(address)
        except OSError:
            return False
    return True
