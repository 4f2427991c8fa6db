"""SIGTERM and what comes before the end."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.app import App, most_in_half_a_second, running
from support.net import Switch
from support.swarm import Swarm
from support.until import until

CLIENTS = 40
SERVERS = {
    "uvicorn": ("chat_asgi.py", "-m uvicorn chat_asgi:app --port {port} --log-level warning"),
    "hypercorn": ("chat_asgi.py", "-m hypercorn chat_asgi:app --workers 0 --bind 127.0.0.1:{port}"),
    "uvicorn in code": ("chat_asgi.py", None),
    "werkzeug": ("chat_threaded.py", None),
    "gunicorn threads": ("chat_flask.py", "-m gunicorn -w 1 --threads 100 -b 127.0.0.1:{port} chat_flask:app"),
    "flask-socketio": ("chat_flask.py", None),
}


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[App]:
    """The process that clients move to."""
    app = App("chat_asgi.py")
    running.remove(app)
    yield app.ready()
    app.stop()


@pytest.fixture
def token(tmp_path: Path) -> str:
    """A file that holds `a-token`."""
    file = tmp_path / "token"
    file.write_text("a-token\n")
    return str(file)


class Move:
    """A process and another one behind a switch, with JavaScript clients on the first."""

    def __init__(self, app: App, elsewhere: App, transport: str) -> None:
        self.app = app.ready()
        self.elsewhere = elsewhere
        self.switch = Switch(app.port)
        self.swarm = Swarm(self.switch.url, transport, CLIENTS)

    def run(self) -> float:
        """The time of the signal, once every client is back."""
        swarm = self.swarm
        until("the clients", lambda: len(swarm.connects) == CLIENTS or self.seen())
        self.switch.target = self.elsewhere.port
        start = time.monotonic()
        os.kill(self.app.process.pid, signal.SIGTERM)
        until("every client back", lambda: len(swarm.connects) == 2 * CLIENTS or self.seen(), 25)
        return start

    def seen(self) -> object:
        return len(self.swarm.connects), len(self.swarm.disconnects), self.app.log

    def close(self) -> None:
        self.swarm.close()
        self.switch.close()


@pytest.mark.timing
@pytest.mark.parametrize(
    ("server", "transport", "seconds"),
    [("uvicorn", "websocket", 4), ("werkzeug", "websocket", 4), ("uvicorn", "polling", 4)],
)
def test_javascript_clients_reconnect_elsewhere_one_by_one(
    elsewhere: App, server: str, transport: str, seconds: int
) -> None:
    file, command = SERVERS[server]
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": str(seconds)}, command=command)
    with closing(Move(app, elsewhere, transport)) as move:
        start = move.run()
        swarm = move.swarm
        assert len(swarm.disconnects) == CLIENTS
        assert swarm.reasons <= {"transport close", "transport error"}
        most = most_in_half_a_second(swarm.disconnects)
        print(f"most disconnects in 0.5 s: {most} of {CLIENTS}; last after {max(swarm.disconnects) - start:.1f} s")
        assert most <= CLIENTS / 4
        assert max(swarm.disconnects) - start < seconds + 1.5
        assert app.exit() == 0, app.log
        assert f"drain: {CLIENTS} connections closed, 0 left" in app.log


def test_control_without_a_drain_all_are_cut_at_once(elsewhere: App) -> None:
    app = App("chat_threaded.py")
    with closing(Move(app, elsewhere, "websocket")) as move:
        move.run()
        assert most_in_half_a_second(move.swarm.disconnects) > CLIENTS / 2
        assert app.exit() == -signal.SIGTERM


@pytest.mark.parametrize("server", SERVERS)
def test_python_clients_reconnect_and_the_server_ends_in_its_own_way(elsewhere: App, server: str) -> None:
    file, command = SERVERS[server]
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": "1"}, command=command).ready()
    with closing(Switch(app.port)) as switch:
        clients = [app.client(switch.url, (transport,)) for transport in ("websocket", "polling") * 2]
        came_back: set[int] = set()
        for number, client in enumerate(clients):
            client.on("connect", lambda number=number: came_back.add(number))
        switch.target = elsewhere.port
        os.kill(app.process.pid, signal.SIGTERM)
        assert app.exit() == 0, app.log
        assert "drain: 4 connections closed, 0 left" in app.log
        until("all on the other", lambda: came_back == {0, 1, 2, 3} or came_back)


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_the_apps_own_handler_runs_after_the_drain(file: str) -> None:
    command = None if file == "chat_threaded.py" else "own_signals.py"
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": "1", "APP_SIGTERM": "exit"}, command=command).ready()
    for _ in range(5):
        app.client(reconnection=False)
    start = time.monotonic()
    os.kill(app.process.pid, signal.SIGTERM)
    assert app.exit() == 7, app.log
    assert time.monotonic() - start > 0.5
    assert app.log.index("5 connections closed, 0 left") < app.log.index("the app's handler ran")


def test_an_app_whose_handler_does_not_exit_is_ended_after_its_time() -> None:
    env = {"SOCKETIO_DRAIN_SECONDS": "0", "SOCKETIO_EXIT_SECONDS": "1", "APP_SIGTERM": "log"}
    app = App("chat_threaded.py", env=env).ready()
    os.kill(app.process.pid, signal.SIGTERM)
    assert app.exit() == 0
    assert "the app's handler ran" in app.log


@pytest.mark.parametrize("server", ["uvicorn", "werkzeug"])
def test_a_second_sigterm_ends_the_process_at_once(server: str) -> None:
    file, command = SERVERS[server]
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": "60"}, command=command).ready()
    app.client(reconnection=False)
    os.kill(app.process.pid, signal.SIGTERM)
    until("the drain", lambda: app.status()["draining"] is True)
    taken = time.monotonic()
    assert app.ask("/readyz").status_code == 200  # Kubernetes itself takes a pod that ends out of the endpoints
    until("a second, within which it would count as the first", lambda: time.monotonic() - taken > 1)
    os.kill(app.process.pid, signal.SIGTERM)
    assert app.exit() == 143, "long before the drain's end"


@pytest.mark.parametrize("server", ["uvicorn", "werkzeug", "gunicorn threads"])
def test_a_signal_to_the_process_group_is_one(server: str) -> None:
    """As dumb-init sends it: a worker gets it twice, also from its parent. Here the process itself does, right away."""
    file, command = SERVERS[server]
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": "1"}, command=command).ready()
    for _ in range(3):
        app.client(reconnection=False)
    os.killpg(app.process.pid, signal.SIGTERM)
    until("the drain", lambda: "drain: 3 connections over 1 s" in app.log)
    os.killpg(app.process.pid, signal.SIGTERM)
    assert app.exit() == 0, app.log
    assert "drain: 3 connections closed, 0 left" in app.log


@pytest.mark.parametrize("server", ["uvicorn", "werkzeug"])
def test_as_process_1_it_ends_after_the_drain(server: str) -> None:
    file, command = SERVERS[server]
    prefix = ("unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child")
    app = App(file, env={"SOCKETIO_DRAIN_SECONDS": "0"}, command=command, prefix=prefix).ready()
    inner = subprocess.check_output(["pgrep", "-P", str(app.process.pid)], text=True)
    os.kill(int(inner), signal.SIGTERM)
    assert app.exit() == 0, app.log


def test_the_side_port_drains_and_the_process_stays(token: str) -> None:
    app = App("chat_asgi.py", env={"SOCKETIO_RUNTIME_TOKEN_FILE": token}).ready()
    clients = [app.client(reconnection=False) for _ in range(10)]
    shed = app.post("/shed", {"count": 4, "seconds": 1}, "a-token")
    assert (shed.status_code, shed.json()) == (202, {"count": 4, "connections": 10, "seconds": 1})
    assert app.post("/shed", {"count": 4, "seconds": 1}, "a-token").status_code == 409
    until("the shed's end", lambda: "shed: 4 connections closed" in app.log)
    until("four fewer", lambda: sum(client.connected for client in clients) == 6)
    app.ready()
    drained = app.post("/drain", {"seconds": 1}, "a-token")
    assert (drained.status_code, drained.json()) == (202, {"draining": True, "connections": 6, "seconds": 1})
    assert app.reason() == "Draining"
    until("all closed", lambda: not any(client.connected for client in clients))
    assert app.post("/drain", {"seconds": 1}, "a-token").status_code == 409
    assert app.process.poll() is None
    assert json.loads(app.ask("/status").text)["draining"] is True


def test_a_pod_that_terminates_stays_ready_while_it_drains(token: str) -> None:
    app = App("chat_asgi.py", env={"SOCKETIO_RUNTIME_TOKEN_FILE": token}).ready()
    client = app.client(reconnection=False)
    assert (app.ask("/serving").status_code, app.ask("/serving").json()) == (200, {"serving": True, "draining": False})
    assert app.post("/drain", {"seconds": 0, "terminating": "yes"}, "a-token").status_code == 400
    assert app.post("/drain", {"seconds": 0, "terminating": True}, "a-token").status_code == 202
    until("the drain's end", lambda: not client.connected and "1 connections closed, 0 left" in app.log)
    assert (app.ask("/readyz").status_code, app.status()["draining"]) == (200, True)
    assert (app.ask("/serving").status_code, app.ask("/serving").json()) == (404, {"serving": False, "draining": True})


def test_a_drain_that_is_told_of_ahead_closes_nobody_before_its_time(token: str) -> None:
    app = App("chat_asgi.py", env={"SOCKETIO_RUNTIME_TOKEN_FILE": token}).ready()
    client = app.client(reconnection=False)
    assert app.post("/drain", {"seconds": 0, "after": -1}, "a-token").status_code == 400
    asked = time.monotonic()
    assert app.post("/drain", {"seconds": 0, "after": 1.5, "terminating": True}, "a-token").status_code == 202
    assert app.ask("/serving").status_code == 404
    until("the end", lambda: not client.connected)
    assert time.monotonic() - asked >= 1.5


def test_a_drain_that_termination_overtakes_ends_ready(token: str) -> None:
    app = App("chat_asgi.py", env={"SOCKETIO_RUNTIME_TOKEN_FILE": token}).ready()
    assert app.post("/drain", {"seconds": 0}, "a-token").status_code == 202
    assert app.reason() == "Draining"
    assert app.post("/drain", {"seconds": 0, "terminating": True}, "a-token").status_code == 409
    assert app.ask("/readyz").status_code == 200
