"""Ids of sessions: what both runtimes make of them, and what hostile ones get."""

import json
import random
import statistics
import string
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
from socketio_runtime import settings
from socketio_runtime.sessions import forwarder as forwarders
from socketio_runtime.sessions.request import serialize
from socketio_runtime.sessions.seal import Location, Sealer
from socketio_runtime.truth.traffic import Traffic
from support.app import TESTS, App
from support.pods import KEY, forwarded, pods

VECTORS = json.loads((TESTS.parent.parent / "session-id-vectors.json").read_text())
HOSTILE = 100_000
COMPARED = 600


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_both_runtimes_seal_alike(vector: dict[str, object]) -> None:
    sealer, place = Sealer(f"{vector['key']}\n"), dict(vector["location"])  # type: ignore[call-overload]
    location = Location(ip_address(place["address"]), place["port"], place["process"], place["engine"])
    assert sealer.seal(str(vector["id"]), location) == vector["sid"]
    assert sealer.unseal(str(vector["sid"])) == location


@pytest.mark.parametrize(
    ("scope", "target"),
    [
        ({"path": "/socket.io/", "raw_path": b"/socket.io/"}, "/socket.io/?a=%20"),
        ({"path": "/a b/", "raw_path": b"/a%20b/"}, "/a%20b/?a=%20"),
        ({"path": "/a b/"}, "/a%20b/?a=%20"),
        # uvicorn --root-path, before 0.26 and since
        ({"path": "/socket.io/", "raw_path": b"/socket.io/", "root_path": "/api"}, "/socket.io/?a=%20"),
        ({"path": "/api/socket.io/", "raw_path": b"/api/socket.io/", "root_path": "/api"}, "/socket.io/?a=%20"),
        # mounted by Starlette, before 0.33 and since
        ({"path": "/socket.io/", "raw_path": b"/ws/socket.io/", "root_path": "/ws"}, "/ws/socket.io/?a=%20"),
        (
            {"path": "/ws/socket.io/", "raw_path": b"/ws/socket.io/", "root_path": "/ws", "app_root_path": ""},
            "/ws/socket.io/?a=%20",
        ),
    ],
)
def test_another_pod_gets_the_url_that_this_one_got(scope: dict[str, object], target: str) -> None:
    environ = {"REQUEST_METHOD": "GET", "wsgi.async": True, "asgi.scope": {**scope, "query_string": b"a=%20"}}
    assert serialize(environ, b"").decode().split()[1] == target


def hostile(chance: random.Random, number: int) -> Iterator[str]:
    """Ids that nobody gave: noise, damaged real ones, real seals before other ids, seals of another key."""
    place = Location(ip_address("127.0.0.3"), 9100, 1, 1)
    real = Sealer(KEY).seal("lv_VI97HAXpY6yYWAAAC", place)
    foreign = Sealer("another key")
    letters = string.ascii_letters + string.digits + "-_"
    for turn in range(number):
        kind = turn % 10
        at = chance.randrange(len(real))
        other = chance.choice(letters.replace(real[at], ""))
        seal = "".join(chance.choices(letters, k=chance.choice((36, 52))))
        if kind == 0:
            yield real[:at] + other + real[at + 1 :]
        elif kind == 1:
            yield real[:at] or "."
        elif kind == 2:
            yield real + other
        elif kind == 3:
            yield f"{seal[:20]}.{seal}"
        elif kind == 4:
            yield f"{seal[:20]}.{real.rpartition('.')[2]}"
        elif kind == 5:
            yield foreign.seal(seal[:20], place)
        elif kind == 6:
            yield "".join(map(chr, chance.choices(range(1, 0xD800), k=40)))
        elif kind == 7:
            yield chance.choice((".", "..", ". .", "\x00", "a" * 5000, "." * 5000, "%", "%ff", "=", "." + "A" * 36))
        else:
            yield chance.choice((f"{real}\n", f" {real}", f"{real}.", f".{real}", f"{real}.{real}", f"{real}{real}"))


class Engine:
    """One without sessions."""

    sockets: dict[str, object] = {}  # noqa: RUF012


def request(sid: str) -> dict[str, str]:
    return {"REQUEST_METHOD": "GET", "QUERY_STRING": f"EIO=4&transport=polling&sid={sid}"}


def test_no_hostile_id_leads_anywhere(tmp_path: Path) -> None:
    for name, text in (("token", "a-token"), ("key", KEY)):
        (tmp_path / name).write_text(text)
    env = {
        "SOCKETIO_RUNTIME_ADDRESS": "127.0.0.2",
        "SOCKETIO_RUNTIME_PEERS": "127.0.0.2,127.0.0.3",
        "SOCKETIO_RUNTIME_SESSION_KEY_FILE": str(tmp_path / "key"),
        "SOCKETIO_RUNTIME_TOKEN_FILE": str(tmp_path / "token"),
        "SOCKETIO_RUNTIME_PORT": "1",
    }
    forwarder = forwarders.create(settings.read(env), Traffic(), lambda: None)
    assert forwarder
    led = [
        sid
        for turn, sid in enumerate(hostile(random.Random(8), HOSTILE))
        if forwarder.elsewhere(Engine, request(quote(sid) if turn // 10 % 2 else sid))
    ]
    assert led == []
    real = Sealer(KEY).seal("id", Location(ip_address("127.0.0.3"), 9100, 1, 1))
    assert forwarder.elsewhere(Engine, request(real))


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_a_hostile_id_costs_what_an_unknown_one_costs(file: str, tmp_path: Path) -> None:
    app, _ = pods(tmp_path, file, 2)
    away = Sealer(KEY).seal("id", Location(ip_address("10.1.2.3"), 9100, 1, 1))
    assert cost(app, away) < 0.5  # of this cluster's making, but no pod of it is there
    ids = hostile(random.Random(9), COMPARED)
    pairs = [(cost(app, f"unknown{turn}"), cost(app, sid)) for turn, sid in enumerate(ids)]
    unknown, other = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    print(f"median answer to an unknown id: {unknown:.2f} ms, to a hostile one: {other:.2f} ms")
    assert other < 1.25 * unknown
    assert forwarded(app) == forwarded(app, "peer-gone") == 0
    assert app.process.poll() is None
    assert "Traceback" not in app.log
    assert "failed" not in app.log


SESSION = requests.Session()


def cost(app: App, sid: str) -> float:
    start = time.monotonic()
    parameters = {"EIO": "4", "transport": "polling", "sid": sid}
    answer = SESSION.get(f"{app.url}/socket.io/", params=parameters, timeout=8)
    assert answer.status_code == 400
    return time.monotonic() - start


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_an_id_of_the_apps_own_making_keeps_its_beginning(file: str, tmp_path: Path) -> None:
    first, second = pods(tmp_path, file, 2, env={"APP_IDS": "own"})
    sid = handshake(first)
    begin, _, seal = sid.partition(".")
    assert (begin[:4], len(seal)) == ("own-", 36)
    place = Sealer(KEY).unseal(sid)
    assert place == Location(ip_address(first.address), first.side_port, first.process.pid, 1)
    opened = requests.post(second.polling(sid), data="40", timeout=8)
    assert (opened.status_code, opened.text) == (200, "OK")
    answer = requests.get(second.polling(sid), timeout=8)
    # the id of the Socket.IO socket is not sealed
    assert "." not in json.loads(answer.text[2:])["sid"]


def handshake(app: App) -> str:
    return str(json.loads(requests.get(app.polling(), timeout=8).text[1:])["sid"])
