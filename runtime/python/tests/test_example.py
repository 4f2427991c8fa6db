"""examples/chat-python: a chat without any adapter code, on two processes."""

from pathlib import Path

import requests
from support.app import App
from support.net import RedisServer
from support.until import until

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def test_the_chat_crosses_processes(redis: RedisServer) -> None:
    env = {"SOCKETIO_ADAPTER": "redis", "SOCKETIO_RUNTIME_BROKER_URL": redis.url, "NODE_NAME": "a-node"}
    server = str(EXAMPLES / "chat-python" / "server.py")
    started = [App(server, env={**env, "HOSTNAME": name}) for name in ("pod-1", "pod-2")]
    apps = [app.ready() for app in started]
    near, far = (app.client() for app in apps)
    heard: list[dict[str, str]] = []
    far.on("message", heard.append)
    assert near.call("message", {"text": " hello ", "from": "me"}, timeout=8) == {"pod": "pod-1"}
    until("the message", lambda: len(heard) == 1)
    assert heard[0] == {"text": "hello", "from": "me", "pod": "pod-1", "id": near.get_sid()}
    assert "error" in near.call("message", {"text": "x" * 501, "from": "me"}, timeout=8)
    assert far.call("whoami", timeout=8) == {"pod": "pod-2", "node": "a-node", "transport": "websocket"}


def test_the_page_is_that_of_the_other_chat() -> None:
    app = App(str(EXAMPLES / "chat-python" / "server.py")).ready()
    for file in (EXAMPLES / "chat" / "public").iterdir():
        path = "/" if file.name == "index.html" else f"/{file.name}"
        assert requests.get(app.url + path, timeout=8).content == file.read_bytes()
    assert "Socket.IO" in requests.get(f"{app.url}/socket.io/socket.io.js", timeout=8).text
