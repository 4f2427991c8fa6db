"""Heartbeats cross where the app's broadcasts cross, and nowhere else."""

import json
import random
import socket
import subprocess
import time
from contextlib import closing
from ipaddress import IPv4Address
from typing import Any

import pytest
from socketio_runtime.truth.hearing import MOST_KEPT, MOST_TOLD, Hearing
from socketio_runtime.truth.interval import BEAT_SECONDS, HEARD_SECONDS, SHRINKING, heard_for, next_interval
from support.app import BUILD, MOUNT, App
from support.net import Cable, RedisServer
from support.pods import ADDRESSES
from support.servers import POLLING, SERVERS
from support.until import until

VENDOR = MOUNT / "socketio_runtime" / "vendor"
OWN = [server for server in SERVERS if server[1] != "chat_flask.py"]
# a beat each 5 s, and something for a machine with other work
FRESH_SECONDS = 7.0
SILENT_SECONDS = 10.0


def start(environment: str, file: str, index: int, url: str, **env: str) -> App:
    """With the runtime's adapter."""
    adapter = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": url}
    address = {"SOCKETIO_RUNTIME_ADDRESS": ADDRESSES[index]}
    return App(file, environment, {**adapter, **address, **env}, address=ADDRESSES[index])


def start_own(environment: str, file: str, index: int, url: str, channel: str = "chat") -> App:
    """With a manager of the app's own, and the package that it takes."""
    has_package = (environment, file) == ("oldest", "chat_threaded.py")
    path = str(MOUNT) if has_package else f"{MOUNT}:{VENDOR}"
    env = {"APP_MANAGER": "redis", "APP_BROKER": url, "APP_CHANNEL": channel, "PYTHONPATH": path}
    address = {"SOCKETIO_RUNTIME_ADDRESS": ADDRESSES[index]}
    return App(file, environment, {**env, **address}, address=ADDRESSES[index])


def needs_asyncio_redis(environment: str, file: str) -> None:
    code = "import socketio; socketio.AsyncRedisManager()"
    python = str(BUILD / environment / "bin" / "python")
    env = {"PYTHONPATH": str(VENDOR)}
    if file == "chat_asgi.py" and subprocess.run([python, "-c", code], env=env, check=False).returncode:
        pytest.skip("its asyncio manager takes a package that does not exist any more")


def hears(app: App) -> dict[str, float]:
    """Address -> seconds."""
    heard: dict[str, float] = app.status()["servers"][0]["hears"]
    return heard


def interval(app: App) -> float:
    """Seconds."""
    seconds: float = app.status()["servers"][0]["interval"]
    return seconds


def connected(environment: str, file: str, *apps: App) -> list[Any]:
    """A client of each: a manager of the app's own listens from the first one on."""
    return [app.client(transports=("polling",) if (environment, file) in POLLING else ("websocket",)) for app in apps]


def hear_each_other(*apps: App, since: float) -> None:
    """Waits until each was heard by each other one after that moment."""
    for app in apps:
        others = {other.address for other in apps} - {app.address}

        def fresh(app: App = app, others: set[str] = others) -> object:
            heard = hears(app)
            ages = [heard.get(other, 99) for other in others]
            return max(ages) < min(FRESH_SECONDS, time.monotonic() - since) or (heard, app.log)

        until(f"the others' beats at {app.address}", fresh)


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_pods_hear_each_other_through_the_runtimes_adapter(environment: str, file: str, redis: RedisServer) -> None:
    began = time.monotonic()
    apps = [start(environment, file, index, redis.url).ready() for index in range(2)]
    hear_each_other(*apps, since=began)
    clients = connected(environment, file, *apps)
    hear_each_other(*apps, since=time.monotonic())
    heard: list[str] = []
    clients[1].on("said", heard.append)
    clients[0].emit("say", "hello")
    until("the app's own broadcast", lambda: heard == ["hello"])
    for app in apps:
        server = app.status()["servers"][0]
        assert set(server["hears"]) == {other.address for other in apps} - {app.address}
        assert 0 <= server["lag"] < 1
        assert "failed" not in app.log


@pytest.mark.parametrize(("environment", "file"), OWN)
def test_pods_hear_each_other_through_the_apps_own_manager(environment: str, file: str, redis: RedisServer) -> None:
    needs_asyncio_redis(environment, file)
    apps = [start_own(environment, file, index, redis.url).ready() for index in range(2)]
    assert "hears" not in apps[0].status()["servers"][0]
    connected(environment, file, *apps)
    hear_each_other(*apps, since=time.monotonic())
    assert apps[0].status()["servers"][0]["adapter"]["owner"] == "app"
    redis.stop()
    for app in apps:
        until("silence", lambda app=app: min(hears(app).values()) > SILENT_SECONDS)
        # the manager's own attempts are told by itself
        assert "Cannot publish" not in app.log
    redis.start()
    assert [app.process.poll() for app in apps] == [None, None]


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_control_managers_that_do_not_cross_hear_nobody(file: str, redis: RedisServer) -> None:
    channels = ("one", "another", "one")
    apps = [start_own("newest", file, index, redis.url, channel).ready() for index, channel in enumerate(channels)]
    connected("newest", file, *apps)
    for _ in range(2):
        hear_each_other(apps[0], apps[2], since=time.monotonic())
    assert [set(hears(app)) for app in apps] == [{ADDRESSES[2]}, set(), {ADDRESSES[0]}]
    assert "lag" not in apps[1].status()["servers"][0]


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
@pytest.mark.parametrize("owner", ["runtime", "app"])
def test_who_is_cut_off_hears_nobody_and_is_heard_by_nobody(owner: str, file: str, redis: RedisServer) -> None:
    with closing(Cable(redis.port)) as cable:
        urls = [redis.url, redis.url, redis.url.replace(str(redis.port), str(cable.port))]
        begin = start if owner == "runtime" else start_own
        apps = [begin("newest", file, index, url).ready() for index, url in enumerate(urls)]
        connected("newest", file, *apps)
        hear_each_other(*apps, since=time.monotonic())
        cable.cut()
        until("silence", lambda: min(hears(apps[2]).values()) > SILENT_SECONDS or hears(apps[2]))
        for app in apps[:2]:
            until("his silence", lambda app=app: hears(app)[ADDRESSES[2]] > SILENT_SECONDS or hears(app), 5)
        hear_each_other(*apps[:2], since=time.monotonic())
        cable.mend()
        hear_each_other(*apps, since=time.monotonic())


def test_who_sends_none_is_not_heard(redis: RedisServer) -> None:
    silent = {"SOCKETIO_RUNTIME_HEARTBEATS": "off"}
    apps = [
        start("newest", "chat_asgi.py", 0, redis.url),
        start("newest", "chat_asgi.py", 1, redis.url, **silent),
        start("newest", "chat_asgi.py", 2, redis.url),
    ]
    alone = App("chat_asgi.py", env={"SOCKETIO_RUNTIME_ADDRESS": "127.0.0.5"})
    nameless = start("newest", "chat_asgi.py", 1, redis.url, SOCKETIO_RUNTIME_ADDRESS="")
    for app in (*apps, alone, nameless):
        app.ready()
    for _ in range(2):
        hear_each_other(apps[0], apps[2], since=time.monotonic())
    assert (set(hears(apps[0])), set(hears(apps[2]))) == ({ADDRESSES[2]}, {ADDRESSES[0]})
    for app in (apps[1], alone, nameless):
        assert not {"hears", "lag", "interval"} & set(app.status()["servers"][0])


HOSTILE: list[Any] = [
    *(None, 7, "beat", [], {}, ["10.0.0.1"], ["10.0.0.1", 1, 2], ["nobody", 1], [["10.0.0.1"], 1], [{}, {}]),
    *(["10.0.0.1", None], ["10.0.0.1", "1"], ["10.0.0.1", True], ["10.0.0.1", [1]], ["10.0.0.1", 1e300]),
    *(["fe80::1%" + "x" * 9000, 1], ["1" * 100_000, 1], [ADDRESSES[0], 1], ["10.0.0.1", float("inf")]),
]


def publish(redis: RedisServer, channel: str, messages: list[dict[str, Any]]) -> None:
    with socket.create_connection(
        ("127.0.0.1", redis.port), timeout=30
    ) as connection, connection.makefile() as answers:
        connection.sendall(b"AUTH secret\r\n")
        assert answers.readline() == "+OK\n"
        for message in messages:
            payload = json.dumps(message).encode()
            head = f"*3\r\n$7\r\nPUBLISH\r\n${len(channel)}\r\n{channel}\r\n${len(payload)}\r\n"
            connection.sendall(head.encode() + payload + b"\r\n")
            assert answers.readline().startswith(":")


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
@pytest.mark.parametrize("client", [False, True])
def test_a_flood_of_foreign_beats_is_bounded(client: bool, file: str, redis: RedisServer) -> None:
    app = start("newest", file, 0, redis.url).ready()
    if client:
        connected("newest", file, app)
    log = app.log
    beat = {"method": "emit", "event": "beat", "namespace": "/.socketio-runtime"}
    hostile = [{**beat, "data": data} for data in HOSTILE]
    hostile += [{**beat, "event": event, "data": [1, 2]} for event in (None, [], {}, "relayed", "x" * 999)]
    publish(redis, "socket.io", [*hostile, {**beat, "data": ["10.9.9.9", 1]}])
    until("a beat after them", lambda: set(hears(app)) == {"10.9.9.9"} or hears(app))
    numbers = range(3 * MOST_KEPT)
    flood = [{**beat, "data": [str(IPv4Address(10 * 2**24 + number)), time.time() * 1000]} for number in numbers]
    publish(redis, "socket.io", flood)
    last = flood[-1]["data"][0]
    until("the last one", lambda: last in hears(app))
    assert len(hears(app)) == MOST_TOLD
    until("the longest interval", lambda: interval(app) == 200 or interval(app))
    assert app.log == log


def test_lag_is_what_the_clocks_do_not_explain() -> None:
    hearing = Hearing("10.0.0.1")
    assert hearing.state(HEARD_SECONDS) == {"hears": {}}
    now = time.time() * 1000
    ahead = 3_600_000
    for sent in (now + ahead, now + ahead - 50):
        hearing.take("10.0.0.2", sent)
    assert 0.04 < hearing.state(HEARD_SECONDS)["lag"] < 0.5
    hearing.take("10.0.0.3", now - 500)
    hearing.take("10.0.0.3", now - 1500)
    state = hearing.state(HEARD_SECONDS)
    assert 0.95 < state["lag"] < 1.5
    assert state["hears"] == {"10.0.0.2": 0.0, "10.0.0.3": 0.0}
    hearing.take("10.0.0.3", now - 500)
    assert hearing.state(HEARD_SECONDS)["lag"] < 0.5


def test_memory_is_bounded_whatever_comes() -> None:
    hearing = Hearing("10.0.0.1")
    for _ in range(20 * MOST_KEPT):
        hearing.take(str(IPv4Address(random.getrandbits(32))), random.random() * 2e12)
    assert len(hearing._senders) == MOST_KEPT
    assert max(len(sender.least) for sender in hearing._senders.values()) <= 6


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_who_hears_50_others_sends_every_10_seconds_and_is_heard_as_long(file: str, redis: RedisServer) -> None:
    began = time.monotonic()
    apps = [start("newest", file, index, redis.url).ready() for index in range(2)]
    hear_each_other(*apps, since=began)
    assert [interval(app) for app in apps] == [5, 5]
    beat = {"method": "emit", "event": "beat", "namespace": "/.socketio-runtime"}
    others = [{**beat, "data": [f"10.0.0.{number}", time.time() * 1000]} for number in range(1, 50)]
    publish(redis, "socket.io", others)
    for app in apps:
        until("an interval of 10 s", lambda app=app: interval(app) == 10 or interval(app))
    for app, other in (apps, reversed(apps)):
        until("a long silence", lambda app=app, other=other: hears(app)[other.address] > FRESH_SECONDS or hears(app))
        until("the next beat", lambda app=app, other=other: hears(app)[other.address] < 2 or hears(app))


@pytest.mark.parametrize(("others", "seconds"), [(0, 5), (5, 5), (25, 5), (30, 6), (100, 20), (200, 40), (999, 199.8)])
def test_the_interval_grows_so_that_five_beats_come_in_a_second(others: int, seconds: float) -> None:
    interval = next_interval(others, BEAT_SECONDS)
    assert round(interval, 1) == seconds
    # longer than the operator waits for three of them, each as late as may be
    assert heard_for(interval) >= max(60, 3 * 1.1 * interval)


def test_the_interval_shrinks_slowly() -> None:
    intervals = [next_interval(200, BEAT_SECONDS)]
    while intervals[-1] > BEAT_SECONDS:
        intervals.append(next_interval(3, intervals[-1]))
    assert 10 < len(intervals) < 25
    assert all(SHRINKING * one <= next_one < one for one, next_one in zip(intervals, intervals[1:]))


def test_two_hundred_pods_that_send_every_40_seconds_are_all_heard() -> None:
    now = 0.0
    hearing, interval = Hearing("10.0.0.1", lambda: now), next_interval(200, BEAT_SECONDS)
    within = heard_for(interval)

    def heard_after(rounds: int, pods: int) -> tuple[int, int]:
        nonlocal now
        for number in list(range(200)) * rounds:
            now += interval / 200
            if number < pods:
                hearing.take(f"10.0.1.{number}", now * 1000)
        return hearing.count(within), len(hearing.state(within)["hears"])

    assert heard_after(3, 200) == (200, 200)
    assert next_interval(200, interval) == interval
    assert heard_after(3, 50) == (200, 200)
    assert heard_after(2, 50) == (50, 50)


def test_the_pods_of_the_largest_cluster_all_count_though_not_all_are_told() -> None:
    hearing = Hearing("10.0.0.1")
    for number in range(999):
        hearing.take(str(IPv4Address(10 * 2**24 + 2**16 + number)), time.time() * 1000)
    assert (hearing.count(60), len(hearing.state(60)["hears"])) == (999, MOST_TOLD)
