"""Clients are told which servers take new sessions: at a port of its own, by each pod alike."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from socketio_runtime.discovery.servers import Heard, listed, url_of
from support.app import App
from support.net import free_port
from support.until import until

ADDRESSES = ("127.0.0.5", "127.0.0.6", "127.0.0.7")
PATH = "/.well-known/socketio-servers"
TOKEN = "a-token"
SOON_SECONDS = 3.0


class Listed:
    """Servers at addresses of their own, as pods are: the same ports at each."""

    def __init__(self, folder: Path, file: str = "chat_asgi.py", **env: str) -> None:
        self.file = file
        self.port, self.side_port, self.list_port = free_port(), free_port(), free_port()
        (folder / "token").write_text(TOKEN)
        self.env = {
            "PORT": str(self.port),
            "SOCKETIO_RUNTIME_PORT": str(self.side_port),
            "SOCKETIO_RUNTIME_PEERS": ",".join(ADDRESSES),
            "SOCKETIO_RUNTIME_TOKEN_FILE": str(folder / "token"),
            "SOCKETIO_RUNTIME_DISCOVERY_PORT": str(self.list_port),
            "SOCKETIO_RUNTIME_DISCOVERY_URL": f"http://{{address}}:{self.port}",
            **env,
        }

    def add(self, address: str) -> App:
        app = App(self.file, env=self.env, address=address)
        app.port, app.side_port, app.url = self.port, self.side_port, self.urls(address)[0]
        return app.ready()

    def start(self, *addresses: str) -> list[App]:
        """Servers that the list has: one that answers late is missing from it at first."""
        apps = [self.add(address) for address in addresses]
        until("all of them", lambda: self.listed() == self.urls(*addresses))
        return apps

    def urls(self, *addresses: str) -> list[str]:
        return [f"http://{address}:{self.port}" for address in addresses]

    def ask(self, path: str = PATH, tag: str = "", method: str = "GET", **more: Any) -> requests.Response:
        headers = {"If-None-Match": tag} if tag else {}
        url = f"http://{ADDRESSES[0]}:{self.list_port}{path}"
        return requests.request(method, url, headers=headers, timeout=30, **more)

    def listed(self) -> list[str]:
        return [server["url"] for server in self.ask().json()["servers"]]


@pytest.fixture(params=["chat_asgi.py", "chat_threaded.py"])
def three(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Listed, list[App]]:
    servers = Listed(tmp_path, request.param)
    return servers, servers.start(*ADDRESSES)


@contextlib.contextmanager
def waiting(servers: Listed) -> Iterator[Callable[[], tuple[list[str], float]]]:
    """Somebody who waits for a change of the list; call what it is for the URLs told then, and when."""
    tag = servers.ask().headers["ETag"]
    found: list[tuple[list[str], float]] = []

    def wait() -> None:
        answer = servers.ask(f"{PATH}?wait=20", tag)
        found.append(([server["url"] for server in answer.json()["servers"]], time.monotonic()))

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    assert not found

    def told() -> tuple[list[str], float]:
        thread.join()
        return found[0]

    yield told


def test_who_waits_hears_of_a_drain_an_end_and_a_new_server(three: tuple[Listed, list[App]]) -> None:
    servers, apps = three
    with waiting(servers) as told:
        acted = time.monotonic()
        assert apps[1].post("/drain", {"seconds": 0}, TOKEN).status_code == 202
        urls, when = told()
    assert urls == servers.urls(ADDRESSES[0], ADDRESSES[2])
    assert when - acted < SOON_SECONDS
    with waiting(servers) as told:
        acted = time.monotonic()
        apps[2].process.kill()
        urls, when = told()
    assert urls == servers.urls(ADDRESSES[0])
    assert when - acted < SOON_SECONDS
    apps[2].process.wait()
    with waiting(servers) as told:
        servers.add(ADDRESSES[2])
        acted = time.monotonic()
        urls, when = told()
    assert urls == servers.urls(ADDRESSES[0], ADDRESSES[2])
    assert when - acted < SOON_SECONDS


def test_weights_are_free_room(tmp_path: Path) -> None:
    servers = Listed(tmp_path, SOCKETIO_MAX_CONNECTIONS="40")
    (app,) = servers.start(ADDRESSES[0])
    first = servers.ask()
    assert first.json() == {"servers": [{"url": app.url, "weight": 40}]}
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    app.client()
    until("the weight", lambda: servers.ask().json()["servers"][0]["weight"] == 39)
    changed = servers.ask(tag=first.headers["ETag"])
    assert changed.status_code == 200
    assert servers.ask(tag=changed.headers["ETag"]).status_code == 304


def test_control_nothing_changes_and_who_waits_hears_that_at_the_end(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    (app,) = servers.start(ADDRESSES[0])
    tag = servers.ask().headers["ETag"]
    begun = time.monotonic()
    assert servers.ask(f"{PATH}?wait=5", tag).status_code == 304
    assert 5 <= time.monotonic() - begun < 6
    app.client()
    begun = time.monotonic()
    heavier = servers.ask(f"{PATH}?wait=3", tag)
    assert time.monotonic() - begun >= 3, "a weight wakes nobody"
    assert heavier.status_code in (200, 304)


def test_the_list_is_at_its_own_port_and_nothing_else_is(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    (app,) = servers.start(ADDRESSES[0])
    for path in ("/metrics", "/status", "/readyz", "/drain", "/peer", "/", "/socket.io/"):
        assert servers.ask(path).status_code == 404, path
    assert servers.ask(method="POST", data="x" * 100_000).status_code == 405
    assert servers.ask(data="abc").status_code == 413
    assert app.ask(PATH).status_code == 404
    preflight = servers.ask(method="OPTIONS")
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert servers.ask(method="HEAD").headers["ETag"] == servers.ask().headers["ETag"]


def asking(servers: Listed, tag: str, seconds: int) -> socket.socket:
    """Who waits for a change, as many may: without a thread for each."""
    connection = socket.create_connection((ADDRESSES[0], servers.list_port), timeout=30)
    connection.sendall(f"GET {PATH}?wait={seconds} HTTP/1.1\r\nhost: x\r\nif-none-match: {tag}\r\n\r\n".encode())
    return connection


def answered(connections: list[socket.socket]) -> list[socket.socket]:
    with selectors.DefaultSelector() as selector:
        for connection in connections:
            selector.register(connection, selectors.EVENT_READ)
        return [key.fileobj for key, _ in selector.select(0) if isinstance(key.fileobj, socket.socket)]


def test_many_may_wait_and_the_rest_are_answered_at_once(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    servers.start(ADDRESSES[0])
    tag = servers.ask().headers["ETag"]
    with contextlib.ExitStack() as stack:
        asked = [stack.enter_context(asking(servers, tag, 8)) for _ in range(1100)]
        until("those at once", lambda: len(answered(asked)) == 76, 5)
        until("all of them", lambda: len(answered(asked)) == 1100, 15)
        assert all(connection.recv(4096).startswith(b"HTTP/1.1 304 ") for connection in asked)


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_all_who_wait_are_told_and_silent_connections_take_no_place_from_them(file: str, tmp_path: Path) -> None:
    servers = Listed(tmp_path, file)
    apps = servers.start(*ADDRESSES[:2])
    tag = servers.ask().headers["ETag"]
    with contextlib.ExitStack() as stack:
        asked = [stack.enter_context(asking(servers, tag, 30)) for _ in range(600)]
        for _ in range(1500):
            stack.enter_context(socket.create_connection((ADDRESSES[0], servers.list_port)))
        begun = time.monotonic()
        assert servers.ask().status_code == 200
        print(f"answered beside 1500 silent connections in {time.monotonic() - begun:.2f} s")
        assert time.monotonic() - begun < 3, "long before the time of the silent ones is over"
        assert answered(asked) == []
        begun = time.monotonic()
        assert apps[1].post("/drain", {"seconds": 0}, TOKEN).status_code == 202
        until("all of them", lambda: len(answered(asked)) == 600, SOON_SECONDS)
        print(f"600 were told in {time.monotonic() - begun:.2f} s")
        assert all(connection.recv(4096).startswith(b"HTTP/1.1 200 ") for connection in asked)


def test_who_asks_again_while_it_waits_is_cut_off_and_a_weak_tag_is_known(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    servers.start(ADDRESSES[0])
    tag = servers.ask().headers["ETag"]
    begun = time.monotonic()
    assert servers.ask(f"{PATH}?wait=2", f"W/{tag}").status_code == 304
    assert time.monotonic() - begun >= 2
    with asking(servers, tag, 60) as connection:
        time.sleep(1)
        assert answered([connection]) == []
        connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
        until("the end", lambda: answered([connection]) == [connection], 3)


def test_the_port_of_the_list_is_not_the_apps(tmp_path: Path) -> None:
    servers = Listed(tmp_path, "deaf.py")
    app = App("deaf.py", env=servers.env, address=ADDRESSES[0])
    app.side_port = servers.side_port
    until("the list", lambda: servers.ask().status_code == 200)
    assert app.reason() == "NotListening"


def test_the_apps_port_is_the_apps(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    port = str(servers.port)
    servers.env.update(SOCKETIO_RUNTIME_APP_PORT=port, SOCKETIO_RUNTIME_DISCOVERY_PORT=port)
    servers.env.update(SOCKETIO_RUNTIME_ADDRESS=ADDRESSES[0])
    app = servers.add(ADDRESSES[0])
    app.client()
    assert f"discovery port {port}: taken by the app, clients are told of no servers" in app.log


def test_a_port_that_is_taken_harms_nobody_and_is_tried_again(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    with socket.create_server((ADDRESSES[0], servers.list_port)):
        app = servers.add(ADDRESSES[0])
        app.client()
        until("the line", lambda: f"discovery port {servers.list_port}: Address already in use, tried" in app.log)
    until("the list", lambda: servers.ask().status_code == 200, 8)


def test_without_a_template_nobody_listens(tmp_path: Path) -> None:
    servers = Listed(tmp_path, SOCKETIO_RUNTIME_DISCOVERY_URL="")
    servers.add(ADDRESSES[0])
    with pytest.raises(requests.ConnectionError):
        servers.ask()


@pytest.mark.parametrize(
    ("template", "ip", "url"),
    [
        ("http://{address}:3000", "10.1.2.3", "http://10.1.2.3:3000"),
        ("http://{address}:3000", "fd00:0:0::1", "http://[fd00::1]:3000"),
        ("https://{dashed}.chat.example", "10.1.2.3", "https://10-1-2-3.chat.example"),
        ("https://{dashed}.chat.example", "fd00::1", "https://fd00--1.chat.example"),
    ],
)
def test_templates(template: str, ip: str, url: str) -> None:
    assert url_of(template, ip) == url


def test_a_server_is_forgotten_at_its_second_silence() -> None:
    heard = Heard()
    status = {"ready": True, "draining": False, "connections": 2}
    heard.take({"10.0.0.1": status, "10.0.0.2": None})
    assert heard.serving() == {"10.0.0.1": 2}
    heard.take({"10.0.0.1": None})
    assert heard.serving() == {"10.0.0.1": 2}
    heard.take({"10.0.0.1": None})
    assert heard.serving() == {}


def test_the_tag_tells_servers_from_weights() -> None:
    one, heavier, other = listed({"http://a": 1}, 9), listed({"http://a": 2}, 9), listed({"http://b": 1}, 9)
    assert one.urls == heavier.urls != other.urls
    assert len({one.tag, heavier.tag, other.tag}) == 3
