"""A request finds its session on whatever pod it arrives: there is no stickiness in front of these."""

import json
import subprocess
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from support.app import TESTS
from support.pods import Splitter, forwarded, pods

CLIENTS = 60
QUESTIONS = 8
GUNICORN = "-m gunicorn -w 1 --threads 100 -b {address}:{port} chat_flask:app"
HYPERCORN = "-m hypercorn chat_asgi:app --workers 0 --bind {address}:{port}"
SERVERS = [
    ("newest", "chat_asgi.py", None),
    ("newest", "chat_asgi.py", HYPERCORN),
    ("newest", "chat_threaded.py", None),
    ("newest", "chat_flask.py", GUNICORN),
    ("oldest", "chat_asgi.py", None),
    ("oldest", "chat_threaded.py", None),
]


def talk(url: str, transports: str) -> dict[str, Any]:
    """What became of the JavaScript clients."""
    command = ["node", str(TESTS / "clients" / "talk.cjs"), url, transports, str(CLIENTS), str(QUESTIONS)]
    seen: dict[str, Any] = json.loads(subprocess.check_output(command, timeout=90))
    return seen


@pytest.mark.parametrize(("environment", "file", "command"), SERVERS)
@pytest.mark.parametrize("transports", ["polling", "polling,websocket"])
def test_no_stickiness_is_needed(
    environment: str, file: str, command: str | None, transports: str, tmp_path: Path
) -> None:
    apps = pods(tmp_path, file, environment=environment, command=command)
    with closing(Splitter(apps)) as splitter:
        seen = talk(splitter.url, transports)
    assert (seen["answered"], seen["disconnects"]) == (CLIENTS * QUESTIONS, []), apps[0].log
    passed_on = [forwarded(app) for app in apps]
    assert min(passed_on) > 0
    print(f"{seen['transports']}, passed on: {passed_on}")
    assert sum(forwarded(app, "peer-gone") for app in apps) == 0
    assert not any("failed" in app.log for app in apps)


def test_control_without_forwarding_the_sessions_break(tmp_path: Path) -> None:
    apps = pods(tmp_path, "chat_asgi.py", env={"SOCKETIO_RUNTIME_PEERS": ""})
    with closing(Splitter(apps)) as splitter:
        seen = talk(splitter.url, "polling")
    assert seen["answered"] < CLIENTS * QUESTIONS / 4
    assert len(seen["disconnects"]) >= CLIENTS / 2
    assert "socketio_runtime_forwarded_total" not in apps[0].ask("/metrics").text


@pytest.mark.parametrize("file", ["chat_asgi.py", "chat_threaded.py"])
@pytest.mark.parametrize("transports", [("polling",), ("polling", "websocket")])
def test_the_python_client_too(file: str, transports: tuple[str, ...], tmp_path: Path) -> None:
    apps = pods(tmp_path, file)
    with closing(Splitter(apps)) as splitter:
        clients = [apps[0].client(splitter.url, transports, reconnection=False) for _ in range(6)]
        for _ in range(QUESTIONS):
            assert all(len(client.call("manager", timeout=8)) == 4 for client in clients)
        assert all(client.connected for client in clients)
        kinds = {client.eio.transport() for client in clients}
        assert kinds <= set(transports)
