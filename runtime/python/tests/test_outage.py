"""Redis goes away and comes back. All processes share it: a process that was subscribed once stays ready without."""

import signal
import threading
from collections.abc import Iterator

import pytest
from support.app import App
from support.net import RedisServer
from support.until import until

SERVERS = [("newest", "chat_asgi.py"), ("newest", "chat_threaded.py"), ("oldest", "chat_asgi.py")]


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    server = RedisServer()
    yield server
    server.stop()


def start(environment: str, file: str, redis: RedisServer, number: int) -> list[App]:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url}
    return [App(file, environment, env) for _ in range(number)]


def reached(app: App) -> bool:
    adapter = app.status()["servers"][0]["adapter"]
    return bool(adapter["reachable"] and adapter["subscribed"])


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_no_process_dies_and_local_clients_get_everything(environment: str, file: str, redis: RedisServer) -> None:
    apps = [app.ready() for app in start(environment, file, redis, 2)]
    speaker, listener = apps[0].client(), apps[1].client()
    near: list[int] = []
    far: list[int] = []
    speaker.on("said", near.append)
    listener.on("said", far.append)
    said = 0
    stop = threading.Event()

    def speak() -> None:
        nonlocal said
        while not stop.wait(0.02):
            speaker.emit("say", said)
            said += 1

    thread = threading.Thread(target=speak)
    thread.start()
    try:
        until("the first events", lambda: len(far) > 10)
        redis.stop()
        until("the outage seen", lambda: not any(reached(app) for app in apps))
        assert [app.ask("/readyz").status_code for app in apps] == [200, 200]
        assert "socketio_runtime_adapter_up 0" in apps[0].metrics()
        before = said
        until("events during the outage", lambda: said > before + 25)
        until("the local client", lambda: before + 25 in near, 2)
        redis.start()
        for app in apps:
            until("the broker", lambda app=app: reached(app))
    finally:
        stop.set()
        thread.join()
    speaker.emit("say", -1)
    until("the last event", lambda: -1 in far)
    until("every event, locally", lambda: len(near) == said + 1)
    assert sorted(near[:-1]) == list(range(said))
    assert before + 25 in far
    print(f"{said} events, {len(far) - 1} reached the other process")
    for app in apps:
        assert app.process.poll() is None
        assert "away (" in app.log
        assert "secret" not in app.log


def test_new_clients_connect_during_an_outage(redis: RedisServer) -> None:
    app, _ = (app.ready() for app in start("newest", "chat_asgi.py", redis, 2))
    redis.stop()
    until("the outage seen", lambda: not reached(app))
    heard: list[str] = []
    for transport in ("polling", "websocket"):
        app.client(transports=(transport,)).on("said", heard.append)
    app.clients[0].emit("say", "hello")
    until("both", lambda: heard == ["hello", "hello"] or heard)


def test_a_broker_that_is_absent_from_the_start(redis: RedisServer) -> None:
    redis.stop()
    apps = [app.listening() for app in start("newest", "chat_asgi.py", redis, 2)]
    speaker, listener = apps[0].client(), apps[1].client()
    heard: list[str] = []
    speaker.on("said", lambda text: heard.append(f"near {text}"))
    listener.on("said", lambda text: heard.append(f"far {text}"))
    speaker.emit("say", "alone")
    until("the local broadcast", lambda: heard == ["near alone"])
    assert apps[0].reason() == "BrokerUnreachable"
    redis.start()
    for app in apps:
        app.ready()
    speaker.emit("say", "together")
    until("the broadcast", lambda: "far together" in heard or heard)


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_a_broker_that_hangs_keeps_nobody_waiting(file: str, redis: RedisServer) -> None:
    apps = [app.ready() for app in start("newest", file, redis, 2)]
    speaker, listener = apps[0].client(), apps[1].client()
    near: list[int] = []
    far: list[int] = []
    speaker.on("said", near.append)
    listener.on("said", far.append)
    redis.process.send_signal(signal.SIGSTOP)
    for number in range(100):
        speaker.emit("say", number)
    until("the local client", lambda: len(near) == 100 or len(near), 2)
    until("the outage seen", lambda: not reached(apps[0]), 10)
    assert apps[0].ask("/readyz").status_code == 200
    redis.process.send_signal(signal.SIGCONT)
    for app in apps:
        until("the broker", lambda app=app: reached(app))
    speaker.emit("say", -1)
    until("the last event", lambda: -1 in far)
