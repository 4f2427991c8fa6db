"""The chat of examples/chat as local processes with the runtime: what pods are in a cluster, without the cluster."""

from __future__ import annotations

import fcntl
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import packages
from tests.traffic.ports import free_port
from tests.traffic.processes import is_well, running

CHECKOUT = Path(__file__).resolve().parents[2]
CHAT = CHECKOUT / "examples" / "chat"
ROOMS = CHECKOUT / "tests" / "apps" / "rooms"
RUNTIME = CHECKOUT / "runtime" / "node"
INSTALLED = CHECKOUT / "build" / "traffic"


@dataclass(frozen=True)
class ChatServer:
    """One server process: `pod` is the name it gives itself, `port` where it listens on 127.0.0.1."""

    pod: str
    port: int
    pid: int


def installed(source: Path) -> Path:
    """A copy of an npm package with its packages; installed once for each package-lock.json."""
    folder = INSTALLED / source.relative_to(CHECKOUT)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # several test runs may share the checkout
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules", "test"), dirs_exist_ok=True)
        marker = folder / "node_modules" / ".installed-lock.json"
        wanted = (folder / "package-lock.json").read_text()
        if not marker.is_file() or marker.read_text() != wanted:
            log = folder / "npm-ci.log"
            with log.open("w") as output:
                command = ["npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts"]
                code = subprocess.run(command, cwd=folder, stdout=output, stderr=output).returncode
            if code != 0:
                raise RuntimeError(f"npm ci of {source} ended with code {code}; see {log}")
            marker.write_text(wanted)
    return folder


@contextmanager
def running_redis(log: Path) -> Iterator[str]:
    """A Redis without persistence; yields its URL."""
    if shutil.which("redis-server") is None:
        packages.ensure(("redis-server",))
    port = free_port()
    command = ["redis-server", "--bind", "127.0.0.1", "--port", str(port), "--save", "", "--appendonly", "no"]

    def answers() -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16) == b"+PONG\r\n"
        except OSError:
            return False

    with running("redis-server", command, log, answers):
        yield f"redis://127.0.0.1:{port}"


@contextmanager
def running_chat(
    pods: Sequence[str],
    logs: Path,
    redis_url: str | None = None,
    adapter: str = "redis",
    app: Path = CHAT,
    **environment: str,
) -> Iterator[list[ChatServer]]:
    """One server of an app with the runtime for each pod name; entered when each is ready, subscribed if to Redis."""
    settings = {
        "PORT": "0",
        "NODE_NAME": "local",
        "NODE_OPTIONS": f"--require {installed(RUNTIME) / 'preload.cjs'}",
        "SOCKETIO_RUNTIME_HOST": "127.0.0.1",
        "SOCKETIO_ADAPTER": adapter if redis_url else "none",
        **environment,
    }
    if redis_url:
        settings["SOCKETIO_RUNTIME_BROKER_URL"] = redis_url
    with ExitStack() as stack:
        yield [stack.enter_context(_running_server(app, pod, logs / f"{pod}.log", settings)) for pod in pods]


@contextmanager
def _running_server(app: Path, pod: str, log: Path, settings: dict[str, str]) -> Iterator[ChatServer]:
    command: list[str | Path] = ["node", installed(app) / "server.js"]
    side_port = free_port()

    def is_ready() -> bool:
        return _port(log) > 0 and is_well(f"http://127.0.0.1:{side_port}/readyz")

    environment = {**settings, "HOSTNAME": pod, "SOCKETIO_RUNTIME_PORT": str(side_port)}
    with running(pod, command, log, is_ready, environment) as process:
        yield ChatServer(pod, _port(log), process.pid)


def _port(log: Path) -> int:
    found = re.search(r"listens on port (\d+)", log.read_text())
    return int(found[1]) if found else 0
