"""What /status tells of the traffic from outside: each request is counted once, where it arrived first."""

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from socketio_runtime.truth.traffic import ADDRESSES, Traffic, windows
from support.app import App
from support.pods import pods
from support.servers import POLLING
from support.until import until
from websocket import create_connection

GUNICORN = "-m gunicorn -w 1 --threads 100 -b {address}:{port} chat_flask:app"
# by default it takes the address of the connection from the same header
UVICORN = "-m uvicorn --no-proxy-headers --host {address} --port {port} chat_asgi:app"
SERVERS = [
    ("newest", "chat_asgi.py", None),
    ("newest", "chat_threaded.py", None),
    ("newest", "chat_flask.py", GUNICORN),
    ("oldest", "chat_asgi.py", None),
    ("oldest", "chat_threaded.py", None),
]
NOTHING = {"handshakes": 0, "requests": 0, "forwarded": 0, "unknown": 0, "clients": 0, "busiest": 0}
FORWARDED_FOR = "X-Forwarded-For"


def traffic(app: App, window: str = "minute") -> dict[str, Any]:
    seen: dict[str, Any] = app.status()["traffic"][window]
    return seen


def handshake(app: App, **headers: str) -> str:
    answer = requests.get(app.polling(), headers=headers, timeout=8)
    return str(json.loads(answer.text[1:])["sid"])


def joined(app: App, sid: str, **headers: str) -> None:
    """Two requests: CONNECT, and the answer to it."""
    assert requests.post(app.polling(sid), data="40", headers=headers, timeout=8).text == "OK"
    assert requests.get(app.polling(sid), headers=headers, timeout=8).text.startswith("40{")


@pytest.mark.parametrize(("environment", "file", "command"), SERVERS)
def test_each_request_is_counted_once(environment: str, file: str, command: str | None) -> None:
    app = App(file, environment, command=command).ready()
    assert traffic(app) == NOTHING
    for _ in range(3):
        joined(app, handshake(app))
    polled = {**NOTHING, "handshakes": 3, "requests": 6, "clients": 1, "busiest": 1}
    assert (traffic(app), traffic(app, "fiveMinutes")) == (polled, polled)
    if (environment, file) not in POLLING:
        websocket = create_connection(f"ws{app.url[4:]}/socket.io/?EIO=4&transport=websocket", timeout=8)
        assert websocket.recv().startswith("0{")
        websocket.close()
        sid = handshake(app)
        upgraded = create_connection(f"ws{app.url[4:]}/socket.io/?EIO=4&transport=websocket&sid={sid}", timeout=8)
        upgraded.send("2probe")
        assert upgraded.recv() == "3probe"
        upgraded.close()
        polled = {**polled, "handshakes": 5, "requests": 7}
    for ask in (requests.get, requests.post):
        assert ask(app.polling("nobody's"), timeout=8).status_code == 400
    assert traffic(app) == {**polled, "requests": polled["requests"] + 2, "unknown": 2}
    assert requests.options(app.polling("nobody's"), timeout=8).status_code == 200
    assert requests.get(f"{app.url}/socket.io/?EIO=3&transport=polling", timeout=8).status_code == 400
    assert traffic(app) == {**polled, "requests": polled["requests"] + 2, "unknown": 2}


@pytest.mark.parametrize(("environment", "file", "command"), SERVERS)
def test_a_request_is_counted_where_it_arrives_first(
    environment: str, file: str, command: str | None, tmp_path: Path
) -> None:
    home, other = pods(tmp_path, file, 2, environment, command=command)
    sid = handshake(home)
    joined(other, sid)
    assert traffic(home) == {**NOTHING, "handshakes": 1, "clients": 1, "busiest": 1}
    assert traffic(other) == {**NOTHING, "requests": 2, "forwarded": 2}
    # a client cannot say that it is a pod
    joined(home, handshake(home), **{"X-Socketio-Runtime-Hop": "0" * 64})
    assert traffic(home) == {**NOTHING, "handshakes": 2, "requests": 2, "clients": 1, "busiest": 1}
    assert requests.post(other.polling(sid), data="1", timeout=8).text == "OK"
    until("the end of the session", lambda: requests.get(home.polling(sid), timeout=8).status_code == 400)
    ended = traffic(home)
    assert requests.get(other.polling(sid), timeout=8).status_code == 400
    assert traffic(other) == {**NOTHING, "requests": 4, "forwarded": 4, "unknown": 1}
    assert traffic(home) == ended
    left = handshake(home)
    home.stop()
    assert requests.get(other.polling(left), timeout=8).status_code == 400
    assert traffic(other) == {**NOTHING, "requests": 5, "forwarded": 4, "unknown": 2}


@pytest.mark.parametrize(("file", "command"), [("chat_asgi.py", UVICORN), ("chat_threaded.py", None)])
def test_clients_are_told_apart_by_what_the_last_proxy_saw(file: str, command: str | None) -> None:
    app = App(file, command=command).ready()
    for seen in ("10.0.0.1", "10.0.0.2, 10.0.0.1", "hostile, 10.0.0.3", "::ffff:10.0.0.3", "2001:db8::1", "10.0.0.1"):
        handshake(app, **{FORWARDED_FOR: seen})
    assert traffic(app) == {**NOTHING, "handshakes": 6, "clients": 3, "busiest": 0.5}
    for hostile in ("", ",", "nobody", "1.2.3.4.5", "9" * 7000, "10.0.0.9," * 700 + "x", "10.0.0.9:80", "' or 1=1"):
        handshake(app, **{FORWARDED_FOR: hostile})
    # the connection's own address is the fourth one
    assert traffic(app) == {**NOTHING, "handshakes": 14, "clients": 4, "busiest": 0.57}
    assert "10.0.0." not in app.ask("/status").text
    assert "failed" not in app.log


def test_what_is_kept_is_bounded() -> None:
    seen = Traffic(clock=lambda: 1000.0)
    for number in range(10_000):
        seen.handshake({"HTTP_X_FORWARDED_FOR": f"10.1.{number // 250}.{number % 250}"})
    minute = windows(seen.buckets())["minute"]
    assert (minute["handshakes"], minute["clients"]) == (10_000, ADDRESSES)


def test_windows_slide() -> None:
    now = [1000.0]
    seen = Traffic(clock=lambda: now[0])
    first = seen.handshake({"REMOTE_ADDR": "10.0.0.1"})
    seen.request()
    for moment, minute, five in ((1059.0, 1, 1), (1060.0, 0, 1), (1299.0, 0, 1), (1300.0, 0, 0)):
        now[0] = moment
        state = windows(seen.buckets())
        assert [state["minute"]["requests"], state["fiveMinutes"]["requests"]] == [minute, five]
    seen.withdraw(first)  # too late
    second = seen.handshake({"REMOTE_ADDR": "10.0.0.1"})
    seen.handshake({"REMOTE_ADDR": "10.0.0.2"})
    seen.withdraw(second)
    assert windows(seen.buckets())["minute"] == {**NOTHING, "handshakes": 1, "clients": 1, "busiest": 1}
