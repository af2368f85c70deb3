import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from forebay.life.observe.eyes import fetch_json


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/busy": 503, "/text": 200}.get(self.path, 200)
        body = b"no json" if self.path == "/text" else json.dumps({"token": self.headers.get("Authorization")}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Page) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_json_comes_whatever_the_status_and_the_token_is_sent(url: str) -> None:
    assert fetch_json(f"{url}/", "secret") == {"token": "Bearer secret"}
    assert fetch_json(f"{url}/busy", None) == {"token": None}


def test_what_is_no_json_object_or_does_not_answer_is_none(url: str, free_port: object) -> None:
    assert fetch_json(f"{url}/text", None) is None
    assert fetch_json("http://127.0.0.1:1/", None) is None


def test_a_proxy_of_the_environment_is_not_asked(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    assert fetch_json(f"{url}/", None) is not None
