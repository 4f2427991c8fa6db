"""What many connections and large messages cost the process."""

import json
import os
import threading
from pathlib import Path

import pytest
import requests
from support.app import App
from support.until import until

SESSIONS = 10_000
AT_ONCE = 20
DRAIN_SECONDS = 10
ATTACHMENT = 4_000_000
ATTACHMENTS = 20
RECEIVERS = 8


def cpu(app: App) -> float:
    """Seconds of processor time that it has used."""
    fields = Path(f"/proc/{app.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_sessions(app: App, count: int) -> None:
    """By polling, over a few connections; nobody polls them afterwards."""

    def some() -> None:
        with requests.Session() as session:
            for _ in range(count // AT_ONCE):
                assert session.get(app.polling(), timeout=30).ok

    threads = [threading.Thread(target=some) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.timing
def test_ten_thousand_connections_are_closed_in_time_and_for_less_than_they_cost_to_open(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("of-this-test")
    options = json.dumps({"ping_interval": 120, "ping_timeout": 120})
    app = App(
        "chat_asgi.py", env={"APP_OPTIONS": options, "SOCKETIO_RUNTIME_TOKEN_FILE": str(tmp_path / "token")}
    ).ready()
    idle = cpu(app)
    open_sessions(app, SESSIONS)
    assert app.status()["connections"] == SESSIONS
    opened = cpu(app)
    assert app.post("/drain", {"seconds": DRAIN_SECONDS}, "of-this-test").status_code == 202
    until(
        "the drain's end",
        lambda: f"drain: {SESSIONS} connections closed, 0 left" in app.log or app.log,
        DRAIN_SECONDS + 5,
    )
    assert cpu(app) - opened < opened - idle


def sending(runtime: bool) -> float:
    """Seconds of processor time for attachments that go to several clients."""
    options = json.dumps({"max_http_buffer_size": 10 * ATTACHMENT})
    app = App("chat_asgi.py", env={"APP_OPTIONS": options}, runtime=runtime).listening()
    clients = [app.client(reconnection=False) for _ in range(RECEIVERS)]
    heard = []
    for client in clients:
        client.on("said", lambda data: heard.append(len(data)))
    before = cpu(app)
    for _ in range(ATTACHMENTS):
        clients[0].emit("say", bytes(ATTACHMENT))
    until("all", lambda: heard == [ATTACHMENT] * ATTACHMENTS * RECEIVERS or len(heard), 60)
    return cpu(app) - before


@pytest.mark.timing
def test_large_attachments_cost_about_what_they_cost_without_the_runtime() -> None:
    with_it, without = sending(runtime=True), sending(runtime=False)
    assert with_it < 2 * without, (with_it, without)
