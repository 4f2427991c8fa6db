"""Servers with several workers: the process that has the side port speaks for all of them."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest
from support.app import App
from support.stopped import stopped
from support.until import until

TOKEN = "of-these-tests"
UVICORN = "-m uvicorn chat_asgi:app --port {port} --log-level warning --workers 2"
GUNICORN = "-m gunicorn -w 2 --threads 20 -b {address}:{port} chat_flask:app"
SERVERS = {
    "uvicorn": ("chat_asgi.py", UVICORN, 2),
    "gunicorn": ("chat_flask.py", GUNICORN, 2),
    # the master has a server too, which nobody connects to; its children are asked once they have a connection
    "gunicorn preloaded": ("chat_flask.py", f"{GUNICORN} --preload", 3),
}
CLIENTS = 10


@pytest.fixture(params=SERVERS)
def app(request: pytest.FixtureRequest, tmp_path: Path) -> App:
    """A server with two workers, and ten clients."""
    (tmp_path / "token").write_text(TOKEN)
    file, command, processes = SERVERS[request.param]
    env = {
        "SOCKETIO_RUNTIME_TOKEN_FILE": str(tmp_path / "token"),
        "SOCKETIO_RUNTIME_ADDRESS": "127.9.0.1",
        "SOCKETIO_DRAIN_SECONDS": "1",
    }
    app = App(file, env=env, command=command).ready()
    started = processes if "preload" not in command else 1
    until("all processes", lambda: len(app.status().get("processes", (None,))) == started, 20)
    app.client(reconnection=False)
    first = next(one["pid"] for one in app.status()["processes"] if one["connections"])
    # who accepts is up to the kernel, which may choose the same process each time
    with stopped(first):
        app.client(reconnection=False)
    for _ in range(CLIENTS - 2):
        app.client(reconnection=False)
    until("all clients", lambda: app.status()["connections"] == CLIENTS)
    assert len(app.status()["processes"]) == processes
    return app


def connected(app: App) -> int:
    return sum(client.connected for client in app.clients)


def post(app: App, path: str, **body: Any) -> Any:
    return app.post(path, body, TOKEN)


def test_status_and_metrics_are_those_of_all(app: App) -> None:
    status = app.status()
    assert status["ready"]
    assert sum(one["connections"] for one in status["processes"]) == CLIENTS
    assert {one["pid"] for one in status["servers"]} == {one["pid"] for one in status["processes"]}
    assert status["traffic"]["minute"]["handshakes"] == CLIENTS
    assert f"socket_io_connected {CLIENTS}" in app.metrics()
    assert f'socket_io_connect_total{{namespace="/"}} {CLIENTS}' in app.metrics()


def test_shed_and_drain_close_connections_of_all(app: App) -> None:
    assert post(app, "/shed", count=4, seconds=0).json() == {"count": 4, "connections": CLIENTS, "seconds": 0}
    until("four fewer", lambda: connected(app) == CLIENTS - 4)
    assert post(app, "/drain", seconds=0, terminating=True).status_code == 202
    until("all closed", lambda: connected(app) == 0)
    assert post(app, "/drain", seconds=0, terminating=True).status_code == 409
    assert (app.ask("/serving").status_code, app.ask("/readyz").status_code) == (404, 200)


def test_one_that_does_not_answer_makes_the_pod_neither_ready_nor_alive(app: App) -> None:
    status = app.status()
    other = next(one["pid"] for one in status["processes"] if one["pid"] != status["pid"])
    with stopped(other):
        state = app.ask("/readyz").json()
        assert (state["reason"], state["message"]) == ("ProcessSilent", f"process {other} does not answer")
        assert app.ask("/healthz").status_code == 503
    app.ready()


def test_what_one_that_has_ended_had_counted_stays_in_the_sum(app: App) -> None:
    counted = f'socket_io_connect_total{{namespace="/"}} {CLIENTS}'
    assert counted in app.metrics()
    status = app.status()
    ended = next(one for one in status["processes"] if one["pid"] != status["pid"])
    os.kill(ended["pid"], signal.SIGKILL)
    until("its end", lambda: ended["pid"] not in {one["pid"] for one in app.status().get("processes", ())})
    assert counted in app.metrics()
    assert app.status()["connections"] == CLIENTS - ended["connections"]
