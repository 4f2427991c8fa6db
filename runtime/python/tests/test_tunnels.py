"""Between pods: who is let in, what becomes of a request when the other pod is gone, slow or ending."""

import hashlib
import hmac
import json
import os
import signal
import socket
import statistics
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import requests
from socketio_runtime.sessions.seal import Location, Sealer, ip_address
from support.app import App
from support.net import RedisServer, accepts
from support.pods import ADDRESSES, KEY, TOKEN, Splitter, forwarded, pods
from support.stopped import stopped
from support.until import until
from test_session_ids import handshake

FILES = ["chat_asgi.py", "chat_threaded.py"]


def proof(app: App, token: str = TOKEN, dialled: str | None = None, late: float = 0) -> str:
    moment = int((time.time() + late) * 1000)
    where = dialled or f"{app.address}:{app.side_port}"
    return f"Peer {moment}.{hmac.new(token.encode(), f'peer {where} {moment}'.encode(), hashlib.sha256).hexdigest()}"


def knock(app: App, authorization: str, more: str = "", upgrade: str = "socketio-runtime") -> socket.socket:
    connection = socket.create_connection((app.address, app.side_port), timeout=8)
    head = f"GET /peer HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: {upgrade}\r\n"
    connection.sendall(f"{head}authorization: {authorization}\r\n\r\n{more}".encode())
    return connection


def status(connection: socket.socket) -> int:
    with connection:
        return int(connection.recv(4096).split()[1])


def test_only_pods_that_mean_this_one_now_are_let_in(tmp_path: Path) -> None:
    (app,) = pods(tmp_path, "chat_asgi.py", 1)
    good = proof(app)
    refused = [
        "",
        "Peer",
        f"Bearer {TOKEN}",
        proof(app, token="wrong"),
        proof(app, token=""),
        proof(app, late=-61),
        proof(app, late=61),
        proof(app, dialled=f"127.0.0.3:{app.side_port}"),
        proof(app, dialled=f"{app.address}:{app.port}"),
        good[:-1],
        good[:-1] + ("0" if good[-1] != "0" else "1"),
        good.replace(".", ".0"),
        good.replace("Peer ", "Peer -"),
        good.upper(),
        good + "\u00e9",
    ]
    for header in refused:
        assert status(knock(app, header)) == 401, header
    assert status(knock(app, good, upgrade="websocket")) == 426
    assert app.post("/peer", "", TOKEN).status_code == 405
    for late in (-55, 0, 55):
        assert status(knock(app, proof(app, late=late))) == 101
    assert TOKEN not in app.log


def test_a_tunnel_is_the_apps_own_port(tmp_path: Path) -> None:
    (app,) = pods(tmp_path, "chat_asgi.py", 1)
    requested = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nhost: x\r\n\r\n"
    with knock(app, proof(app), requested) as tunnel:  # in one piece with the request to open it
        answers = b""
        for number in range(6):
            while answers.count(b"\r\n0\r\n\r\n") <= number:
                received = tunnel.recv(4096)
                assert received, answers
                answers += received
            tunnel.sendall(requested.encode() if number < 5 else b"")
        assert answers.count(b" 200 OK\r\n") == 6
        assert app.status()["connections"] == 6
        assert app.ask("/healthz").status_code == 200


def test_tunnels_are_neither_cut_off_nor_counted_with_the_probes(tmp_path: Path) -> None:
    (app,) = pods(tmp_path, "chat_asgi.py", 1)
    tunnels = [knock(app, proof(app)) for _ in range(200)]
    assert [tunnel.recv(4096)[:12] for tunnel in tunnels] == [b"HTTP/1.1 101"] * 200
    app.ready()
    for tunnel in tunnels:
        tunnel.sendall(b"GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nhost: x\r\n\r\n")
    assert [tunnel.recv(4096)[:12] for tunnel in tunnels] == [b"HTTP/1.1 400"] * 200
    for tunnel in tunnels:
        tunnel.close()


def test_a_side_that_does_not_read_holds_up_the_other(tmp_path: Path) -> None:
    (app,) = pods(tmp_path, "chat_asgi.py", 1)
    before = resident(app)
    with knock(app, proof(app)) as tunnel:
        tunnel.recv(4096)
        tunnel.settimeout(1)
        request = b"GET /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nhost: x\r\n\r\n" * 500
        sent = 0
        try:
            while sent < 200_000_000:
                sent += tunnel.send(request)
        except TimeoutError:
            pass
        print(f"{sent / 1e6:.1f} MB taken before it held up, memory grew by {(resident(app) - before) / 1e6:.1f} MB")
        assert sent < 200_000_000
        assert resident(app) - before < 30_000_000
        app.ready()


def resident(app: App) -> float:
    return next(float(line.split()[1]) for line in app.metrics() if line.startswith("process_resident_memory_bytes "))


@pytest.mark.parametrize("file", FILES)
def test_a_dead_peer_is_answered_for_at_once(file: str, tmp_path: Path) -> None:
    first, second = pods(tmp_path, file, 2)
    sid = handshake(first)
    assert requests.post(second.polling(sid), data="40", timeout=8).status_code == 200
    first.stop()
    times = [asked(second, sid) for _ in range(20)]
    print(f"refused: first answer after {times[0] * 1000:.0f} ms, then at most {max(times[1:]) * 1000:.0f} ms")
    assert statistics.median(times) < 0.1
    assert max(times) < 0.5
    assert forwarded(second, "peer-gone") == 20


@pytest.mark.parametrize("file", FILES)
def test_a_peer_that_hangs_holds_up_a_request_for_some_seconds_only(file: str, tmp_path: Path) -> None:
    first, second = pods(tmp_path, file, 2)
    sid = handshake(first)
    with stopped(first.process.pid):
        waited = asked(second, sid)
    print(f"silent: answer after {waited:.1f} s")
    assert waited < 7
    until("the peer again", lambda: requests.post(second.polling(sid), data="40", timeout=8).status_code == 200)


def asked(app: App, sid: str) -> float:
    start = time.monotonic()
    answer = requests.get(app.polling(sid), timeout=8)
    assert (answer.status_code, "Invalid session" in answer.text) == (400, True)
    return time.monotonic() - start


@pytest.mark.parametrize("file", FILES)
def test_a_pod_that_ends_serves_its_sessions_through_its_peers(file: str, tmp_path: Path) -> None:
    first, second = pods(tmp_path, file, 2, env={"SOCKETIO_DRAIN_SECONDS": "4"})
    clients = []
    with closing(Splitter([first])) as splitter:
        for _ in range(8):
            clients.append(first.client(splitter.url, ("polling",)))
        ends: list[float] = []
        for client in clients:
            client.on("disconnect", lambda *_: ends.append(time.monotonic()))
        splitter.targets = [second]  # as when the pod has left the endpoints
        start = time.monotonic()
        os.kill(first.process.pid, signal.SIGTERM)
        assert clients[-1].call("manager", timeout=8)
        assert first.ask("/readyz").status_code == 200
        answered = 0
        while first.process.poll() is None and not ends:
            clients[-1].call("manager", timeout=8)
            answered += 1
        assert first.exit() == 0, first.log
        assert "8 connections closed, 0 left" in first.log
        until("all on the other", lambda: second.status()["connections"] == 8 or second.status()["connections"])
        assert all(client.call("manager", timeout=8) for client in clients)
        assert len(ends) == 8
        after = [moment - start for moment in ends]
        print(f"{answered} calls answered through the peer, ends after {min(after):.1f} to {max(after):.1f} s")
        assert forwarded(second) > 0


@pytest.mark.parametrize("file", FILES)
def test_peers_are_known_by_heartbeats_too(file: str, tmp_path: Path, redis: RedisServer) -> None:
    env = {
        "SOCKETIO_ADAPTER": "redis",
        "SOCKETIO_RUNTIME_BROKER_URL": redis.url,
        "SOCKETIO_ADAPTER_PREFIX": file,
        "SOCKETIO_RUNTIME_PEERS": "127.0.0.99",
    }
    first, second = pods(tmp_path, file, 2, env=env)
    sid = handshake(first)
    until("the heartbeat", lambda: requests.post(second.polling(sid), data="40", timeout=8).status_code == 200)
    start = time.monotonic()
    unknown = Sealer(KEY).seal("id", Location(ip_address("127.0.0.77"), 9100, 1, 1))
    assert requests.get(second.polling(unknown), timeout=8).status_code == 400
    assert time.monotonic() - start < 0.5
    assert forwarded(second, "peer-gone") == 0


@pytest.mark.parametrize("file", FILES)
def test_large_bodies_headers_and_the_clients_address_arrive(file: str, tmp_path: Path) -> None:
    first, second = pods(tmp_path, file, 2)
    sid = handshake(first)
    assert requests.post(second.polling(sid), data="40", timeout=8).status_code == 200
    assert requests.get(second.polling(sid), timeout=8).text.startswith("40")
    text = "\u00e9" * 400_000
    packet = "42" + json.dumps(["say", text], ensure_ascii=False)
    assert requests.post(second.polling(sid), data=packet.encode(), timeout=8).text == "OK"
    answer = requests.get(second.polling(sid), timeout=8, headers={"origin": second.url})
    assert json.loads(answer.text[2:]) == ["said", text]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["access-control-allow-origin"] == second.url
    too_large = requests.post(second.polling(sid), data=b"x" * 1_000_001, timeout=8)
    assert too_large.status_code == 400
    assert forwarded(second) == 4
    buckets = [line for line in second.metrics() if line.startswith("socketio_runtime_forward_seconds_")]
    assert 'socketio_runtime_forward_seconds_bucket{le="+Inf"} 2' in buckets
    assert "socketio_runtime_forward_seconds_count 2" in buckets


def test_a_request_is_passed_on_as_it_came(tmp_path: Path) -> None:
    """The other pod is a listener that keeps what it gets."""
    (app,) = pods(tmp_path, "chat_threaded.py", 1, env={"SOCKETIO_RUNTIME_PEERS": ADDRESSES[1]})
    with socket.create_server((ADDRESSES[1], 0)) as peer:
        got: list[bytes] = []
        threading.Thread(target=be_a_peer, args=(peer, got), daemon=True).start()
        sid = Sealer(KEY).seal("id", Location(ip_address(ADDRESSES[1]), peer.getsockname()[1], 1, 1))
        headers = {"x-forwarded-for": "1.2.3.4", "cookie": "a=b", "x-own": "1", "te": "trailers", "connection": "x-own"}
        answer = requests.post(app.polling(sid) + "&t=%20a", data=b"body", headers=headers, timeout=8)
    assert (answer.status_code, answer.text, answer.headers["x-answer"]) == (200, "12345", "yes")
    opening, request = got
    assert opening.startswith(b"GET /peer HTTP/1.1\r\n")
    assert TOKEN.encode() not in opening
    line, *lines = request.partition(b"\r\n\r\n")[0].decode().lower().split("\r\n")
    assert line == f"post /socket.io/?eio=4&transport=polling&sid={sid.lower()}&t=%20a http/1.1"
    assert {"cookie: a=b", "x-forwarded-for: 1.2.3.4, 127.0.0.1", "content-length: 4"} <= set(lines)
    assert not [name for name in lines if name.startswith(("x-own", "te:", "connection", "upgrade"))]
    assert request.endswith(b"\r\n\r\nbody")


def be_a_peer(listener: socket.socket, got: list[bytes]) -> None:
    connection, _ = listener.accept()
    with connection:
        got.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: socketio-runtime\r\n\r\n")
        got.append(connection.recv(65536))
        while not got[-1].endswith(b"body"):
            got[-1] += connection.recv(65536)
        head = b"HTTP/1.1 200 OK\r\nx-answer: yes\r\ntransfer-encoding: chunked\r\n\r\n"
        chunks = head + b"2\r\n12\r\n3;x=y\r\n345\r\n0\r\n\r\n"
        for at in range(len(chunks)):
            connection.sendall(chunks[at : at + 1])
        connection.recv(1)


def test_without_its_variables_there_are_no_tunnels(tmp_path: Path) -> None:
    (app,) = pods(tmp_path, "chat_asgi.py", 1, env={"SOCKETIO_RUNTIME_SESSION_KEY_FILE": str(tmp_path / "absent")})
    assert app.ask("/peer").status_code == 404
    assert "." not in handshake(app)
    assert "session key file: FileNotFoundError" in app.log
    assert accepts(app.port, app.address)
