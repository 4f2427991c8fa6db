"""What the side port answers, and to whom."""

import contextlib
import random
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from support.app import App
from support.until import until

TOKEN = "a-token-that-must-not-be-logged"


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    return {"SOCKETIO_RUNTIME_TOKEN_FILE": str(file)}


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_health_status_and_metrics(file: str, env: dict[str, str]) -> None:
    app = App(file, env=env).ready()
    client = app.client()
    heard: list[str] = []
    client.on("said", heard.append)
    for _ in range(3):
        client.emit("say", "hello")
    until("what was said", lambda: len(heard) == 3)
    assert app.ask("/healthz").status_code == 200
    status = app.status()
    assert (status["connections"], status["servers"][0]["adapter"]["owner"]) == (1, "none")
    metrics = app.metrics()
    for line in [
        "socket_io_connected 1",
        'socket_io_connect_total{namespace="/"} 1',
        'socket_io_events_received_total{event="say",namespace="/"} 3',
        "socket_io_events_sent_total 3",
        'socket_io_engine_connections{transport="websocket"} 1',
        "socketio_runtime_adapter_up 1",
        "socketio_runtime_draining 0",
    ]:
        assert line in metrics, "\n".join(metrics)
    lag = [line for line in metrics if line.startswith("socketio_runtime_eventloop_lag_seconds ")]
    assert len(lag) == (file == "chat_asgi.py")
    client.disconnect()
    until("the disconnect", lambda: 'socket_io_disconnect_total{namespace="/"} 1' in app.metrics())


def test_unknown_sessions_are_counted_and_names_of_events_bounded(env: dict[str, str]) -> None:
    app = App("chat_asgi.py", env=env).ready()
    client = app.client()
    for number in range(1000):
        client.emit(f"event-{number}")
    client.call("manager", timeout=8)
    url = f"{app.url}/socket.io/?EIO=4&transport=polling&sid=unknown"
    assert requests.get(url, timeout=8).status_code == 400
    metrics = app.metrics()
    assert "socket_io_unknown_session_total 1" in metrics
    assert 'socket_io_events_received_total{event="other",namespace="other"} 801' in metrics
    assert sum(1 for line in metrics if line.startswith("socket_io_events_received_total{")) == 201


def test_a_server_that_does_not_listen_is_not_ready(env: dict[str, str]) -> None:
    app = App("deaf.py", env=env)
    until("the reason", lambda: app.reason() == "NotListening")
    assert app.ask("/healthz").status_code == 200


def test_bad_requests_get_their_answers(env: dict[str, str]) -> None:
    app = App("chat_asgi.py", env=env).ready()
    for path in ["/nowhere", "/../../etc/passwd", "/__class__", "/"]:
        assert app.ask(path).status_code == 404
    assert app.ask("/drain").status_code == 405
    assert app.post("/healthz", "", TOKEN).status_code == 405
    for token in ["", "wrong", f"{TOKEN}x", TOKEN[1:]]:
        assert app.post("/drain", {"seconds": 0}, token).status_code == 401
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"seconds":-1}',
        '{"seconds":"1"}',
        '{"seconds":1e9}',
        '{"seconds":NaN}',
    ]:
        assert app.post("/drain", body, TOKEN).status_code == 400, body
    assert app.post("/drain", '{"seconds":true}', TOKEN).status_code == 400
    assert app.post("/drain", "[" * 1000, TOKEN).status_code == 400
    assert app.post("/shed", {"count": 1.5, "seconds": 0}, TOKEN).status_code == 400
    assert app.post("/drain", " " * 1025, TOKEN).status_code == 413
    for raw in [b"\r\n\r\n", b"GET /healthz\r\n\r\n", b"\x16\x03\x01\r\n\r\n", b"GET / HTTP/1.1\r\nx\r\n\r\n"]:
        assert said(app, raw).startswith(b"HTTP/1.1 400 ")
    chunked = f"POST /drain HTTP/1.1\r\nauthorization: Bearer {TOKEN}\r\ntransfer-encoding: chunked\r\n\r\n"
    assert said(app, chunked.encode()).startswith(b"HTTP/1.1 400 ")
    assert said(app, b"GET /healthz HTTP/1.1\r\nx: " + b"x" * 9000).startswith(b"HTTP/1.1 431 ")
    app.ready()


def said(app: App, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", app.side_port), timeout=8) as connection:
        connection.sendall(request)
        return connection.recv(4096)


def test_without_a_token_file_drain_is_refused() -> None:
    app = App("chat_asgi.py").ready()
    for token in ["", "None"]:
        assert app.post("/drain", {"seconds": 0}, token).status_code == 401


@contextlib.contextmanager
def half_open(app: App, number: int) -> Iterator[list[socket.socket]]:
    sockets = []
    for _ in range(number):
        connection = socket.create_connection(("127.0.0.1", app.side_port), timeout=8)
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nx: ")
        sockets.append(connection)
    try:
        yield sockets
    finally:
        for connection in sockets:
            connection.close()


def attack(app: App) -> None:
    large = b"x" * (10 * 1024 * 1024)
    for number in range(10):
        with contextlib.suppress(requests.RequestException):
            app.post("/drain", large, TOKEN if number % 2 else "wrong")
        for other in range(20):
            with contextlib.suppress(requests.RequestException):
                app.ask(f"/path-{other}")
                app.post("/drain", "{}", f"wrong-{other}")


def closed(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def test_a_hostile_client_does_not_disturb_the_app(env: dict[str, str]) -> None:
    app = App("chat_asgi.py", env=env).ready()
    client = app.client()
    with half_open(app, 1000) as sockets:
        attackers = [threading.Thread(target=attack, args=(app,)) for _ in range(2)]
        for attacker in attackers:
            attacker.start()
        times = []
        for _ in range(50):
            start = time.monotonic()
            client.call("manager", timeout=5)
            times.append(time.monotonic() - start)
        for attacker in attackers:
            attacker.join()
        until("health while connections are half open", lambda: app.ask("/healthz").status_code == 200, 5)
        print(f"slowest of 50 answers of the app: {max(times) * 1000:.0f} ms")
        until("the half-open connections' end", lambda: all(closed(random.choice(sockets)) for _ in range(50)), 10)
    app.ready()
    assert client.connected
    assert TOKEN not in app.log
    assert "wrong" not in app.log
