"""A program outside sends events to the clients, by the example of docs/emitters.md."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.app import BUILD, MOUNT, App
from support.net import RedisServer
from support.until import until

PAGE = Path(__file__).resolve().parents[3] / "docs" / "emitters.md"


def example() -> str:
    section = PAGE.read_text().partition("\n## python-socketio\n")[2]
    found = re.search(r"```python\n(.*?)```", section, re.DOTALL)
    assert found
    return found[1]


def member(file: str, redis: RedisServer, prefix: str) -> tuple[Any, list[str]]:
    """A client in the room of the example, and what it hears."""
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url, "SOCKETIO_ADAPTER_PREFIX": prefix}
    app = App(file, env=env).ready()
    client, other = app.client(), app.client()
    heard: list[str] = []
    client.on("said", heard.append)
    client.on("told", heard.append)
    other.on("told", lambda text: heard.append(f"not in the room: {text}"))
    assert client.call("join", "admins", timeout=8) == "admins"
    return client, heard


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
def test_the_pages_example_reaches_the_clients_of_its_prefix_and_no_others(file: str, redis: RedisServer) -> None:
    ours, heard = member(file, redis, "team.chat")
    theirs, not_heard = member(file, redis, "team.other")
    # the package `redis` that the program would have installed
    env = {"BROKER_URL": redis.url, "PYTHONPATH": str(MOUNT / "socketio_runtime" / "vendor")}
    subprocess.run([BUILD / "newest" / "bin" / "python", "-c", example()], env=env, check=True)
    until("both events", lambda: len(heard) >= 2 or heard)
    for client, texts in ((ours, heard), (theirs, not_heard)):
        client.emit("say", "the end")
        until("the end", lambda texts=texts: "the end" in texts)
    assert (sorted(heard), not_heard) == (["the end", "to a room", "to everybody"], ["the end"])
