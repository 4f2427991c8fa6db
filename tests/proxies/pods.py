"""Chat servers as pods are: each with an address of its own, all on the same ports."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.traffic.chat_servers import CHAT, RUNTIME, installed
from tests.traffic.processes import running

OWN_ADDRESS = Path(__file__).with_name("own_address.cjs")
TOKEN = secrets.token_hex(32)
SESSION_KEY = secrets.token_hex(32)


@dataclass(frozen=True)
class Pod:
    """A server: its name is its address."""

    address: str
    side_port: int

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The runtime's answer; a POST if there is a body."""
        data = json.dumps(body).encode() if body is not None else None
        url = f"http://{self.address}:{self.side_port}{path}"
        request = urllib.request.Request(url, data, {"Authorization": f"Bearer {TOKEN}"})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)


@dataclass(frozen=True)
class Ports:
    """Of all pods: the app's, and the runtime's."""

    app: int
    side: int


@contextmanager
def running_pod(
    address: str, ports: Ports, folder: Path, redis_url: str, forwards: bool, environment: dict[str, str]
) -> Iterator[Pod]:
    """One server. `forwards`: a request that reaches the wrong pod is handed on to that of its session."""
    pod = Pod(address, ports.side)
    (folder / "token").write_text(TOKEN)
    (folder / "session-key").write_text(SESSION_KEY)
    settings = {
        "PORT": str(ports.app),
        "HOSTNAME": address,
        "NODE_NAME": "local",
        "NODE_OPTIONS": f"--require {OWN_ADDRESS} --require {installed(RUNTIME) / 'preload.cjs'}",
        "POD_ADDRESS": address,
        "SOCKETIO_RUNTIME_HOST": address,
        "SOCKETIO_RUNTIME_PORT": str(ports.side),
        "SOCKETIO_RUNTIME_TOKEN_FILE": str(folder / "token"),
        "SOCKETIO_ADAPTER": "redis",
        "SOCKETIO_RUNTIME_BROKER_URL": redis_url,
        **environment,
    }
    if forwards:
        settings |= {
            "SOCKETIO_RUNTIME_SESSION_KEY_FILE": str(folder / "session-key"),
            "SOCKETIO_RUNTIME_ADDRESS": address,
            "SOCKETIO_RUNTIME_PEERS": address,
        }

    def is_ready() -> bool:
        try:
            return bool(pod.ask("/readyz")["ready"])
        except OSError:
            return False

    command: list[str | Path] = ["node", installed(CHAT) / "server.js"]
    with running(f"pod {address}", command, folder / f"{address}.log", is_ready, settings):
        yield pod
