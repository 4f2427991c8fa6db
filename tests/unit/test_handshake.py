"""`socketio-operator handshake`: what it does at a server, and what it prints where there is none."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from socketio_operator.cli.main import main
from tests.traffic.ports import free_port
from tests.unit.test_canary import OPENED


@contextmanager
def serving(*answers: tuple[int, bytes]) -> Iterator[tuple[str, list[str]]]:
    """A URL, and the requests that come there: each gets the next answer, the last one serves for all that follow."""
    left, requests = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            requests.append(f"{self.command} {self.path} {body}".strip())
            status, text = left.pop(0) if len(left) > 1 else left[0]
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_POST = do_GET  # noqa: N815  # the name is that of http.server

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://localhost:{server.server_port}/chat/socket.io", requests
        finally:
            server.shutdown()
            thread.join()


def test_a_session_is_opened_and_closed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving((200, OPENED), (200, b"ok")) as (url, requests):
        assert main(["handshake", url]) == 0
    assert requests == [
        "GET /chat/socket.io/?EIO=4&transport=polling",
        "POST /chat/socket.io/?EIO=4&transport=polling&sid=abc 1",
    ]
    assert capsys.readouterr().out == f"{url} opened a session\n"


def test_a_server_that_is_not_there_yet_is_asked_again() -> None:
    with serving((503, b"starting"), (200, OPENED), (200, b"ok")) as (url, requests):
        assert main(["handshake", url, "--timeout=20"]) == 0
    assert len(requests) == 3


@pytest.mark.parametrize(("status", "text"), [(404, b"not found"), (200, b"hello"), (302, b"")])
def test_another_server_s_answer_is_no_handshake(status: int, text: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    with serving((status, text)) as (url, _):
        assert main(["handshake", url, "--timeout=0.5"]) == 1
    error = capsys.readouterr().err
    assert f"{url} opened no session within 0.5 s; the last try got an answer that is no handshake of Eng" in error


def test_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handshake", f"http://localhost:{free_port()}/socket.io/", "--timeout=0.5"]) == 1
    assert "the last try got no answer (Cannot connect to host localhost" in capsys.readouterr().err


@pytest.mark.parametrize("url", ["localhost:3000", "chat.example.com", "ws://chat.example.com/socket.io/", "http:///x"])
def test_what_is_no_url_of_a_server(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handshake", url]) == 1
    assert f"error: {url} is no URL of a server; write one such as http://" in capsys.readouterr().err
