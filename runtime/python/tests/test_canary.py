"""The operator's own client comes through the route: it learns whom it reached and whether broadcasts cross, and the
app learns nothing of it."""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest
import requests
import socketio  # type: ignore[import-untyped]
from support.app import MOUNT, App
from support.net import RedisServer
from support.pods import ADDRESSES, TOKEN
from support.servers import POLLING, SERVERS
from support.until import until

NAMESPACE = "/.socketio-runtime"
PROOF = hmac.new(TOKEN.encode(), b"canary", hashlib.sha256).hexdigest()


def pod(folder: Path, environment: str, file: str, index: int = 0, **env: str) -> App:
    """One that knows the token."""
    (folder / "token").write_text(f"{TOKEN}\n")
    address = {"SOCKETIO_RUNTIME_ADDRESS": ADDRESSES[index], "SOCKETIO_RUNTIME_TOKEN_FILE": str(folder / "token")}
    return App(file, environment, {**address, "APP_NOSY": "yes", **env}, address=ADDRESSES[index]).ready()


def runtimes(redis: RedisServer) -> dict[str, str]:
    """The runtime's adapter."""
    return {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url}


def own(redis: RedisServer) -> dict[str, str]:
    """A manager of the app's own."""
    vendor = f"{MOUNT}:{MOUNT / 'socketio_runtime' / 'vendor'}"
    return {"APP_MANAGER": "redis", "APP_BROKER": redis.url, "APP_CHANNEL": "chat", "PYTHONPATH": vendor}


class Canary:
    """A client of that namespace. `relayed`: what it got."""

    def __init__(self, app: App, transport: str = "websocket") -> None:
        self.client = socketio.Client(reconnection=False)
        app.clients.append(self.client)
        self.relayed: list[tuple[str, str]] = []
        self.client.on("relayed", lambda text, address: self.relayed.append((text, address)), namespace=NAMESPACE)
        options = {"namespaces": [NAMESPACE], "transports": [transport], "wait_timeout": 8}
        self.client.connect(app.url, auth={"canary": PROOF}, **options)

    def where(self) -> Any:
        return self.client.call("where", namespace=NAMESPACE, timeout=8)

    def relay(self, *data: Any) -> None:
        self.client.emit("relay", data, namespace=NAMESPACE)


class Session:
    """One of Engine.IO, polled by hand."""

    def __init__(self, app: App) -> None:
        answer = requests.get(app.polling(), timeout=8)
        self.url = app.polling(json.loads(answer.text[1:])["sid"])

    def say(self, packet: str) -> None:
        assert requests.post(self.url, data=packet, timeout=8).text == "OK"

    def ask(self, packet: str) -> str:
        """The first answer to a packet."""
        self.say(packet)
        return requests.get(self.url, timeout=8).text.partition("\x1e")[0]


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_it_learns_whom_it_reached_and_that_broadcasts_cross(
    environment: str, file: str, redis: RedisServer, tmp_path: Path
) -> None:
    pods = [pod(tmp_path, environment, file, index, **runtimes(redis)) for index in range(2)]
    transport = "polling" if (environment, file) in POLLING else "websocket"
    crosses(pods, [Canary(app, transport) for app in pods])


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_the_apps_own_manager_carries_it(file: str, redis: RedisServer, tmp_path: Path) -> None:
    pods = [pod(tmp_path, "newest", file, index, **own(redis)) for index in range(2)]
    canaries = [Canary(app) for app in pods]
    # the manager listens from the first client on, a moment later
    for canary, address in zip(canaries, ADDRESSES[1::-1], strict=True):
        until("the managers", lambda canary=canary, address=address: heard(canary, canaries, address))
    crosses(pods, canaries)


def heard(canary: Canary, canaries: list[Canary], address: str) -> object:
    for other in canaries:
        other.relay("first")
    return ("first", address) in canary.relayed or canary.relayed


def crosses(pods: list[App], canaries: list[Canary]) -> None:
    assert [canary.where() for canary in canaries] == [app.address for app in pods]
    canaries[0].relay("ping" * 16)
    canaries[1].relay("pong")
    expected = {("ping" * 16, ADDRESSES[0]), ("pong", ADDRESSES[1])}
    for canary in canaries:
        until("both", lambda canary=canary: expected <= set(canary.relayed) or canary.relayed)
        assert [canary.relayed.count(one) for one in sorted(expected)] == [1, 1]
    for app in pods:
        assert "the app saw" not in app.log
        assert "failed" not in app.log


@pytest.mark.parametrize(("environment", "file"), SERVERS[:2])
def test_control_without_an_adapter_nothing_crosses(environment: str, file: str, tmp_path: Path) -> None:
    pods = [pod(tmp_path, environment, file, index) for index in range(2)]
    canaries = [Canary(app) for app in pods]
    for canary in canaries:
        canary.relay("ping")
    for canary, app in zip(canaries, pods, strict=True):
        until("its own", lambda canary=canary, app=app: canary.relayed == [("ping", app.address)] or canary.relayed)
        assert canary.where() == app.address
        assert len(canary.relayed) == 1


WRONG = ["", "null", "[]", "{}", '{"canary":null}', '{"canary":""}', '{"canary":[]}', f'{{"canary":"{PROOF.upper()}"}}']
WRONG += [f'{{"canary":"{PROOF[1:]}"}}', f'{{"canary":"{PROOF}0"}}', f'{{"canary":"{"0" * 64}"}}', f'"{PROOF}"']
WRONG += [f'{{"canary":"{TOKEN}"}}', f'{{"canary":"{PROOF[:-1]}\\ud800"}}']


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_anybody_else_gets_what_an_unknown_namespace_gets(environment: str, file: str, tmp_path: Path) -> None:
    app = pod(tmp_path, environment, file)
    unknown = Session(app).ask("40/nobody,")
    # the oldest ones took each namespace
    expected = unknown.replace("/nobody", NAMESPACE) if unknown[:2] == "44" else f'44{NAMESPACE},"Unable to connect"'
    log = app.log
    for auth in WRONG:
        session = Session(app)
        assert session.ask(f"40{NAMESPACE},{auth}") == expected, auth
        session.say(f'42{NAMESPACE},1["where"]')
        session.say(f'42{NAMESPACE},["relay","x"]')
        session.say(f"41{NAMESPACE},")
        # the app's own namespace is served as ever
        assert session.ask("40").startswith("40{")
    seen = app.log.replace(log, "")
    assert seen.count("the app saw") == (0 if file == "chat_flask.py" else len(WRONG))
    assert NAMESPACE not in seen
    metrics = app.ask("/metrics").text
    assert NAMESPACE not in metrics
    assert f'socket_io_connect_total{{namespace="/"}} {len(WRONG)}' in metrics


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
@pytest.mark.parametrize("token", ["none", "missing", "empty"])
def test_without_a_token_nobody_is_let_in(token: str, file: str, tmp_path: Path) -> None:
    path = {"none": "", "missing": str(tmp_path / "nowhere"), "empty": str(tmp_path / "empty")}[token]
    (tmp_path / "empty").write_text("\n")
    app = pod(tmp_path, "newest", file, SOCKETIO_RUNTIME_TOKEN_FILE=path)
    lines = app.log.count("[socketio-runtime]")
    nothing = hmac.new(b"", b"canary", hashlib.sha256).hexdigest()
    for proof in (PROOF, nothing):
        assert Session(app).ask(f'40{NAMESPACE},{{"canary":"{proof}"}}') == f'44{NAMESPACE},"Unable to connect"'
    assert app.log.count("[socketio-runtime]") == lines


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_an_app_that_takes_each_namespace_does_not_see_it(file: str, tmp_path: Path) -> None:
    app = pod(tmp_path, "newest", file, APP_OPTIONS='{"namespaces": "*"}')
    assert Session(app).ask("40/anything,").startswith("40/anything,{")
    until("what the app saw", lambda: "the app saw ('/anything'" in app.log or app.log)
    log = app.log
    canary = Canary(app)
    assert canary.where() == app.address
    refused = Session(app)
    assert refused.ask(f"40{NAMESPACE},") == f'44{NAMESPACE},"Unable to connect"'
    refused.say(f'42{NAMESPACE},["say","x"]')
    canary.client.disconnect()
    assert Session(app).ask("40/another,").startswith("40/another,{")
    until("the next", lambda: "the app saw ('/another'" in app.log or app.log)
    assert NAMESPACE not in app.log.replace(log, "")


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_its_limits(file: str, redis: RedisServer, tmp_path: Path) -> None:
    app = pod(tmp_path, "newest", file, **runtimes(redis))
    canaries = [Canary(app) for _ in range(20)]
    proven = f'40{NAMESPACE},{{"canary":"{PROOF}"}}'
    assert Session(app).ask(proven) == f'44{NAMESPACE},"Unable to connect"'
    for data in (["x" * 65], [7], [None], [["x"]], [{}], ["x", "y"], []):
        canaries[0].relay(*data)
    for event in ("say", "relayed", "beat", "connect"):
        canaries[0].client.emit(event, ("x", app.address), namespace=NAMESPACE)
    canaries[0].relay("last")
    until("the last one", lambda: all(canary.relayed for canary in canaries))
    assert [canary.relayed for canary in canaries] == [[("last", app.address)]] * 20
    metrics = app.ask("/metrics").text
    for line in ("socket_io_connected 0", "socket_io_events_sent_total 0"):
        assert line in metrics.split("\n"), metrics
    assert NAMESPACE not in metrics
    assert "namespace=" not in metrics
    canaries[0].client.disconnect()
    until("a free place", lambda: Session(app).ask(proven).startswith(f"40{NAMESPACE},{{"))
    assert "failed" not in app.log


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_it_is_no_client_in_the_numbers(file: str, tmp_path: Path) -> None:
    app = pod(tmp_path, "newest", file)
    canaries = [Canary(app), Canary(app, "polling")]
    assert [canary.where() for canary in canaries] == [app.address] * 2
    traffic = app.status()["traffic"]["minute"]
    assert (traffic["handshakes"], traffic["clients"], traffic["busiest"]) == (0, 0, 0)
    app.client()
    assert app.status()["traffic"]["minute"]["handshakes"] == 1
