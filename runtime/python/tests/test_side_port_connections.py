"""Connections of the side port: kept between requests, bounded in time and number, closed by a drain."""

import http.client
import socket
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.app import App
from support.net import free_port
from support.until import until

sys.path.append(str(Path(__file__).resolve().parent.parent))
from socketio_runtime.port import http_connection
from socketio_runtime.port.route import Answer, Route
from socketio_runtime.port.side_port import SidePort

# as far apart as a request's time and the time between two requests really are
REQUEST_SECONDS = 0.4
IDLE_SECONDS = 3.0
REQUEST = b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n"
HEAD = REQUEST[:20]
BODY = b"POST /drain HTTP/1.1\r\ncontent-length: 900\r\n\r\n{"


@pytest.fixture
def connect() -> Iterator[Callable[[], socket.socket]]:
    port = free_port()
    routes = {
        "/healthz": Route("GET", lambda request: Answer(200, {"alive": True})),
        "/drain": Route("POST", lambda request: Answer(202, {})),
    }
    SidePort(routes, "127.0.0.1", port, REQUEST_SECONDS, IDLE_SECONDS).open()
    opened: list[socket.socket] = []

    def connected() -> socket.socket:
        opened.append(socket.create_connection(("127.0.0.1", port), timeout=8))
        return opened[-1]

    until("the side port", lambda: connected().close() is None)
    yield connected
    for connection in opened:
        connection.close()


def ask(connection: socket.socket) -> None:
    connection.sendall(REQUEST)
    assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        connection.settimeout(8)


def until_closed(connection: socket.socket, drip: bytes = b"") -> float:
    """Seconds until the other side closes; meanwhile it is sent a byte now and then."""
    start = time.monotonic()
    connection.settimeout(0.1)
    while time.monotonic() - start < 8:
        try:
            if not connection.recv(4096):
                break
        except TimeoutError:
            try:
                connection.sendall(drip)
            except OSError:
                break
        except OSError:
            break
    return time.monotonic() - start


def test_who_asks_every_30_seconds_does_so_on_one_connection() -> None:
    assert http_connection.IDLE_SECONDS >= 90


def test_a_connection_is_kept_longer_than_a_request_may_take_and_no_longer_than_that(connect: Any) -> None:
    connection = connect()
    for _ in range(3):
        ask(connection)
        time.sleep(2 * REQUEST_SECONDS)  # the time is what is tested
    ask(connection)
    assert REQUEST_SECONDS < until_closed(connection) < IDLE_SECONDS + 1.5


@pytest.mark.parametrize(("text", "answered"), [(b"", False), (HEAD, False), (HEAD, True), (BODY, False), (BODY, True)])
def test_who_says_a_part_of_a_request_is_cut_off_soon(connect: Any, text: bytes, answered: bool) -> None:
    connection = connect()
    if answered:
        ask(connection)
    connection.sendall(text)
    assert until_closed(connection, b"x" if text else b"") < IDLE_SECONDS - 1


def test_kept_connections_are_bounded_in_number_the_one_silent_longest_goes(connect: Any) -> None:
    first, second = connect(), connect()
    for connection in (first, second, first):
        ask(connection)
    others = []
    while is_open(second) and len(others) < 80:
        others.append(connect())
        ask(others[-1])
    assert not is_open(second)
    assert is_open(first)
    assert len(others) == 63


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_a_process_that_drains_keeps_no_connection(file: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("token")
    app = App(file, env={"SOCKETIO_RUNTIME_TOKEN_FILE": str(token)}).ready()
    kept = socket.create_connection(("127.0.0.1", app.side_port), timeout=8)
    ask(kept)
    asking = http.client.HTTPConnection("127.0.0.1", app.side_port, timeout=8)
    asking.request("POST", "/drain", '{"seconds":0}', {"authorization": "Bearer token"})
    answer = asking.getresponse()
    assert (answer.status, answer.headers["connection"]) == (202, "close")
    assert until_closed(kept) < 1
    kept.close()
    assert app.status()["draining"] is True
