"""Ready means that a client that is routed here is served."""

import json
import socket

import pytest
import requests
from support.app import App
from support.net import accepts, free_port
from support.until import until

FILES = ["chat_asgi.py", "chat_threaded.py"]
UVICORN = "-m uvicorn chat_asgi:app --host {address} --port {port} --log-level warning"


def start(file: str, routed: int) -> App:
    """`routed`: the port where routers look."""
    return App(file, env={"SOCKETIO_RUNTIME_APP_PORT": str(routed)})


@pytest.mark.parametrize("file", FILES)
def test_an_app_on_another_port_than_routers_look_is_not_ready(file: str) -> None:
    routed = free_port()
    app = start(file, routed)
    until("the reason", lambda: app.reason() == "ListensElsewhere" or app.reason())
    state = app.ask("/readyz")
    assert (state.status_code, state.json()["listens"]) == (503, {"port": app.port, "loopback": True})
    assert str(routed) in state.json()["message"]
    assert app.status()["listens"] == {"port": app.port, "loopback": True}
    with socket.create_server(("0.0.0.0", routed)):  # a proxy beside it in the pod
        app.ready()
        assert "listens" not in app.status()


def test_an_app_that_listens_at_the_loopback_address_alone_is_not_ready() -> None:
    port = free_port()
    env = {"SOCKETIO_RUNTIME_APP_PORT": str(port), "SOCKETIO_RUNTIME_ADDRESS": "127.0.0.9"}
    command = UVICORN.replace("{port}", str(port))
    app = App("chat_asgi.py", env=env, command=command)
    until("the reason", lambda: app.reason() == "ListensElsewhere" or app.reason())
    state = app.ask("/readyz").json()
    assert state["listens"] == {"port": port, "loopback": True}
    assert "at the loopback address only" in state["message"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "127.0.0.1"])
def test_an_app_at_all_addresses_or_that_of_the_pod_is_ready(host: str) -> None:
    port = free_port()
    env = {"SOCKETIO_RUNTIME_APP_PORT": str(port), "SOCKETIO_RUNTIME_ADDRESS": "127.0.0.1"}
    command = UVICORN.replace("{port}", str(port)).replace("{address}", host)
    App("chat_asgi.py", env=env, command=command).ready()


@pytest.mark.parametrize("file", FILES)
def test_the_limit_of_connections_refuses_new_ones_and_no_others(file: str) -> None:
    app = App(file, env={"SOCKETIO_MAX_CONNECTIONS": "2"}).ready()
    polling = app.client(transports=("polling",), reconnection=False)
    websocket = app.client(reconnection=False)
    refused = requests.get(app.polling(), timeout=8)
    message = "2 connections, the limit is 2: try again later"
    assert (refused.status_code, json.loads(refused.text)) == (503, {"error": "ConnectionLimit", "message": message})
    assert refused.headers["content-type"] == "application/json"
    assert upgrade(app).startswith("HTTP/1.1 503 ")
    assert app.ask("/readyz").status_code == 200
    assert polling.call("manager", timeout=8) == websocket.call("manager", timeout=8)
    websocket.disconnect()
    until("room", lambda: requests.get(app.polling(), timeout=8).status_code == 200)


def upgrade(app: App) -> str:
    """The answer to a WebSocket without polling before it."""
    lines = [
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1",
        *("host: x", "connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"),
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]
    with socket.create_connection((app.address, app.port), timeout=8) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection.recv(4096).decode()


def test_what_the_runtime_itself_opens_is_not_the_app() -> None:
    app = App("deaf.py", env={"SOCKETIO_RUNTIME_ADDRESS": "127.0.0.1"})
    until("the side port", lambda: accepts(app.side_port))
    assert app.reason() == "NotListening"
