"""Redis goes away and comes back."""

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
        until("503", lambda: {app.reason() for app in apps} == {"BrokerUnreachable"})
        before = said
        until("events during the outage", lambda: said > before + 25)
        until("the local client", lambda: before + 25 in near, 2)
        redis.start()
        for app in apps:
            app.ready()
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
    until("503", lambda: apps[0].reason() == "BrokerUnreachable", 10)
    redis.process.send_signal(signal.SIGCONT)
    for app in apps:
        app.ready()
    speaker.emit("say", -1)
    until("the last event", lambda: -1 in far)
