"""Redis does not take the password of the URL."""

import re
import subprocess
import time

import pytest
from support.app import App
from support.net import RedisServer
from support.until import until

WATCHED_SECONDS = 8
# two at the start, and then after about 1, 2 and 4 seconds
MOST = 7


def cli(redis: RedisServer, *words: str) -> str:
    command = ["redis-cli", "-p", str(redis.port), "-a", "secret", "--no-auth-warning", *words]
    return subprocess.check_output(command, text=True)


def refused(redis: RedisServer) -> int:
    """How many logins were refused so far."""
    statistics = cli(redis, "info", "errorstats")
    return sum(int(count) for count in re.findall(r"errorstat_(?:WRONGPASS|NOAUTH):count=(\d+)", statistics))


@pytest.mark.parametrize(
    ("environment", "file", "login"),
    [
        ("newest", "chat_asgi.py", "chat:the-password@"),
        ("newest", "chat_threaded.py", ""),
        ("oldest", "chat_asgi.py", ":the-password@"),
    ],
)
def test_a_refused_login_is_told_tried_less_and_less_and_no_matter_later(
    environment: str, file: str, login: str, redis: RedisServer
) -> None:
    cli(redis, "acl", "setuser", "admin", "on", ">secret", "~*", "&*", "+@all")
    url = redis.url.replace(":secret@", login)
    apps = [App(file, environment, {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": url}) for _ in range(2)]
    for app in apps:
        until("the reason", lambda app=app: app.reason() == "BrokerRefused" or (app.reason(), app.log))
    earlier = refused(redis)
    time.sleep(WATCHED_SECONDS)  # the pace is what is tested
    tried = refused(redis) - earlier
    print(f"{tried} refusals of two processes in {WATCHED_SECONDS} s")
    assert tried <= 2 * MOST
    for app in apps:
        state = {"owner": "runtime", "name": "redis", "reachable": False, "subscribed": False, "refused": True}
        assert app.status()["servers"][0]["adapter"] == state
        assert app.ask("/healthz").status_code == 200
        assert "refuses the login" in app.log
        assert "the-password" not in app.log
    correct(redis, login)
    try:
        for app in apps:
            until("readiness", lambda app=app: app.ask("/readyz").status_code == 200 or app.log, 25)
        speaker, listener = (app.client(transports=("polling",)) for app in apps)
        heard: list[str] = []
        listener.on("said", heard.append)
        speaker.emit("say", "together")
        until("the broadcast", lambda: heard == ["together"] or heard)
        assert "refused" not in apps[0].status()["servers"][0]["adapter"]
    finally:
        cli(redis, "acl", "setuser", "default", "resetpass", ">secret")


def correct(redis: RedisServer, login: str) -> None:
    """Redis takes that login from now on."""
    if login.startswith("chat"):
        cli(redis, "acl", "setuser", "chat", "on", ">the-password", "~*", "&*", "+@all")
    elif login:
        cli(redis, "acl", "setuser", "default", ">the-password")
    else:
        cli(redis, "acl", "setuser", "default", "nopass")
