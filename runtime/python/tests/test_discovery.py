"""Clients are told which servers take new sessions: at a port of its own, by each pod alike."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
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
    apps = [servers.add(address) for address in ADDRESSES]
    until("all of them", lambda: servers.listed() == servers.urls(*ADDRESSES))
    return servers, apps


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
    app = servers.add(ADDRESSES[0])
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
    app = servers.add(ADDRESSES[0])
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
    app = servers.add(ADDRESSES[0])
    for path in ("/metrics", "/status", "/readyz", "/drain", "/peer", "/", "/socket.io/"):
        assert servers.ask(path).status_code == 404, path
    assert servers.ask(method="POST", data="x" * 100_000).status_code == 405
    assert app.ask(PATH).status_code == 404
    preflight = servers.ask(method="OPTIONS")
    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Headers"] == "If-None-Match"
    assert servers.ask(method="HEAD").headers["ETag"] == servers.ask().headers["ETag"]


def test_many_may_wait_and_the_rest_are_answered_at_once(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    servers.add(ADDRESSES[0])
    tag = servers.ask().headers["ETag"]

    def wait(number: int) -> tuple[int, bool]:
        begun = time.monotonic()
        status = servers.ask(f"{PATH}?wait=6", tag).status_code
        return status, time.monotonic() - begun >= 6

    with ThreadPoolExecutor(300) as pool:
        answers = list(pool.map(wait, range(300)))
    assert {status for status, _ in answers} == {304}
    assert sum(waited for _, waited in answers) == 256


def test_connections_that_say_nothing_keep_nobody_out(tmp_path: Path) -> None:
    servers = Listed(tmp_path)
    servers.add(ADDRESSES[0])
    with contextlib.ExitStack() as silent:
        for _ in range(600):
            silent.enter_context(socket.create_connection((ADDRESSES[0], servers.list_port)))
        assert servers.ask().status_code == 200


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
