"""The client manager and the options that the runtime brings."""

import json
from typing import Any

import pytest
import requests
from support.app import App
from support.net import RedisServer
from support.servers import POLLING, SERVERS
from support.until import until


def heard_by_far_client(apps: list[App], transports: tuple[str, ...]) -> list[str]:
    """What a client of the second app hears of what one of the first says; the latter has heard it."""
    near, far = [app.client(transports=transports) for app in apps]
    heard: dict[str, list[str]] = {"near": [], "far": []}
    near.on("said", heard["near"].append)
    far.on("said", heard["far"].append)
    near.emit("say", "hello")
    until("the near client", lambda: heard["near"] == ["hello"] or heard)
    return heard["far"]


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_a_broadcast_crosses_processes(environment: str, file: str, redis: RedisServer) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url}
    apps = [App(file, environment, env) for _ in range(2)]
    for app in apps:
        app.ready()
    heard = heard_by_far_client(apps, ("polling",) if (environment, file) in POLLING else ("websocket",))
    until("the far client", lambda: heard == ["hello"])
    adapter = apps[0].status()["servers"][0]["adapter"]
    assert adapter == {"owner": "runtime", "name": "redis", "reachable": True, "subscribed": True}
    assert "secret" not in apps[0].log


@pytest.mark.parametrize(("environment", "file"), SERVERS)
def test_control_without_the_runtime_it_does_not(environment: str, file: str) -> None:
    apps = [App(file, environment, runtime=False) for _ in range(2)]
    for app in apps:
        app.listening()
    heard = heard_by_far_client(apps, ("polling",) if (environment, file) in POLLING else ("websocket",))
    for _ in range(20):
        apps[1].clients[0].call("manager", timeout=8)
    assert heard == []


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_rooms_and_binary_data_cross(file: str, redis: RedisServer) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url, "SOCKETIO_ADAPTER_PREFIX": file}
    apps = [App(file, env=env).ready() for _ in range(2)]
    member, outsider, speaker = apps[1].client(), apps[1].client(), apps[0].client()
    told: list[tuple[str, bytes]] = []
    for name, client in (("member", member), ("outsider", outsider)):
        client.on("told", lambda data, name=name: told.append((name, data)))
    assert member.call("join", "room", timeout=8) == "room"
    speaker.emit("tell", ("room", b"\x00\xff"))
    speaker.emit("tell", ("room", b"last"))
    until("both", lambda: len(told) == 2 or told)
    assert told == [("member", b"\x00\xff"), ("member", b"last")]


def test_what_is_said_under_one_prefix_is_heard_under_that_prefix_alone(redis: RedisServer) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url}
    pairs: dict[str, list[Any]] = {}
    for prefix, file in (("team.chat", "two_servers.py"), ("team.chat-2", "chat_asgi.py")):
        apps = [App(file, env={**env, "SOCKETIO_ADAPTER_PREFIX": prefix}).ready() for _ in range(2)]
        pairs[prefix] = [app.client() for app in apps]
        if file == "two_servers.py":
            pairs["the second server"] = [app.client(socketio_path="second") for app in apps]
    heard: dict[str, list[str]] = {name: [] for name in pairs}
    for name, (_, listener) in pairs.items():
        listener.on("said", heard[name].append)
    for text in ("hello", "the end"):
        for name, (speaker, _) in pairs.items():
            speaker.emit("say", f"{name}: {text}")
        for name, texts in heard.items():
            said = f"{name}: {text}"
            until(said, lambda said=said, texts=texts: said in texts or heard)
    assert heard == {name: [f"{name}: hello", f"{name}: the end"] for name in pairs}


def test_the_apps_own_manager_and_options_win(redis: RedisServer) -> None:
    env = {
        "SOCKETIO_ADAPTER": "redis",
        "SOCKETIO_RUNTIME_BROKER_URL": redis.url,
        "SOCKETIO_PING_INTERVAL": "7000",
        "SOCKETIO_PING_TIMEOUT": "5000",
        "APP_MANAGER": "own",
        "APP_OPTIONS": json.dumps({"ping_interval": 3}),
    }
    for file, name in (("chat_asgi.py", "AsyncManager"), ("chat_threaded.py", "Manager")):
        app = App(file, env=env).ready()
        assert app.client().call("manager", timeout=8)[:3] == [name, 3, 5]
        server = app.status()["servers"][0]
        assert (server["adapter"], server["appOptions"]) == ({"owner": "app", "name": name}, ["ping_interval"])
        assert "adapter: the app's own is kept, SOCKETIO_ADAPTER=redis is not applied" in app.log
        assert "option ping_interval: the app's own 3 is kept" in app.log


def test_flask_socketio_with_a_message_queue_keeps_it(redis: RedisServer) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url, "APP_QUEUE": "zmq+tcp://127.0.0.1:1"}
    app = App("chat_flask.py", env={**env, "APP_QUEUE": "redis://127.0.0.1:1"}).ready()
    assert app.status()["servers"][0]["adapter"] == {"owner": "app", "name": "RedisManager"}


@pytest.mark.parametrize("environment", ["newest", "oldest"])
def test_options_from_the_environment(environment: str) -> None:
    env = {
        "SOCKETIO_PING_INTERVAL": "7500",
        "SOCKETIO_PING_TIMEOUT": "5000",
        "SOCKETIO_MAX_HTTP_BUFFER_SIZE": "12345",
        "SOCKETIO_TRANSPORTS": "websocket",
        "SOCKETIO_RECOVERY_MS": "1000",
        "SOCKETIO_CONNECT_TIMEOUT": "1000",
    }
    app = App("chat_asgi.py", environment, env).ready()
    assert app.client().call("manager", timeout=8) == ["AsyncManager", 7.5, 5, 12345]
    assert "SOCKETIO_RECOVERY_MS is not applied" in app.log
    assert "SOCKETIO_CONNECT_TIMEOUT is not applied" in app.log
    polling = requests.get(f"{app.url}/socket.io/?EIO=4&transport=polling", timeout=8)
    assert (polling.status_code == 400) == ("SOCKETIO_TRANSPORTS is not applied" not in app.log)


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"SOCKETIO_ADAPTER": "redis-streams"}, "python-socketio has no redis-streams, only redis"),
        ({"SOCKETIO_ADAPTER": "redis"}, "SOCKETIO_RUNTIME_BROKER_URL is not set"),
        ({"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": "redis://a:secret@b:x"}, "URL is not valid"),
        ({"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": "amqp://a:secret@b"}, "URL is not valid"),
    ],
)
def test_what_cannot_be_applied_leaves_the_app_alone(env: dict[str, str], line: str) -> None:
    app = App("chat_asgi.py", env=env).ready()
    status = app.status()
    assert (status["adapterAsked"], status["servers"][0]["adapter"]["owner"]) == (env["SOCKETIO_ADAPTER"], "none")
    assert line in app.log
    assert "secret" not in app.log
    assert "socketio_runtime_adapter_up 0" in app.metrics()
    assert app.client().call("manager", timeout=8)[0] == "AsyncManager"


def test_a_python_socketio_that_is_too_old_runs_as_it_is() -> None:
    env = {
        "SOCKETIO_ADAPTER": "redis",
        "SOCKETIO_RUNTIME_BROKER_URL": "redis://127.0.0.1:1",
        "SOCKETIO_DRAIN_SECONDS": "1",
    }
    app = App("chat_asgi.py", "ancient", env).ready()
    server = app.status()["servers"][0]
    assert (server["socketio"], server["adapter"]["owner"]) == ("4.6.1", "unsupported")
    assert app.log.count("is older than 5.0: the app is left alone") == 1
