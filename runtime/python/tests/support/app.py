"""Apps from tests/apps as processes, with the runtime or without it."""

import contextlib
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import requests
import socketio  # type: ignore[import-untyped]

from support.net import accepts, free_port
from support.until import until

TESTS = Path(__file__).resolve().parent.parent
BUILD = TESTS.parent / "build"
MOUNT = BUILD / "mount"
running: list["App"] = []


class App:
    """One process of an app. `command`: what follows the interpreter, with {address} and {port}; by default the file
    itself."""

    def __init__(
        self,
        file: str,
        environment: str = "newest",
        env: dict[str, str] | None = None,
        command: str | None = None,
        runtime: bool = True,
        mount: Path = MOUNT,
        prefix: tuple[str, ...] = (),
        address: str = "127.0.0.1",
    ) -> None:
        self.address = address
        self.port, self.side_port = free_port(address), free_port(address)
        self.url = f"http://{address}:{self.port}"
        self.clients: list[socketio.Client] = []
        loaded = {
            "PYTHONPATH": str(mount),
            "SOCKETIO_RUNTIME_PORT": str(self.side_port),
            "SOCKETIO_RUNTIME_HOST": address,
        }
        self.env = {"PATH": os.environ["PATH"], "HOST": address, "PORT": str(self.port)}
        self.env.update({**(loaded if runtime else {}), **(env or {})})
        python = str(BUILD / environment / "bin" / "python")
        arguments = (command or file).format(port=self.port, address=address).split()
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self.process = subprocess.Popen(
            [*prefix, python, *arguments],
            cwd=TESTS / "apps",
            env=self.env,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        running.append(self)

    @property
    def log(self) -> str:
        self._log.flush()
        with open(f"/proc/self/fd/{self._log.fileno()}") as log:
            return log.read()

    def listening(self) -> "App":
        until("the port", self._is_listening)
        return self

    def ready(self) -> "App":
        until("readiness", self._is_ready)
        return self

    def _is_listening(self) -> object:
        self._ended()
        return accepts(self.port, self.address) or self.log

    def _is_ready(self) -> object:
        self._ended()
        answer = self.ask("/readyz")
        return answer.status_code == 200 or (answer.text, self.log)

    def _ended(self) -> None:
        if self.process.poll() is not None:
            raise AssertionError(f"the app ended: {self.log}")

    def reason(self) -> str | None:
        """Why it is not ready."""
        reason: str | None = self.ask("/readyz").json().get("reason")
        return reason

    def polling(self, sid: str = "") -> str:
        """The URL of a session, or of a handshake."""
        return f"{self.url}/socket.io/?EIO=4&transport=polling" + (f"&sid={sid}" if sid else "")

    def ask(self, path: str, method: str = "GET", **options: Any) -> requests.Response:
        return requests.request(method, f"http://{self.address}:{self.side_port}{path}", timeout=10, **options)

    def status(self) -> dict[str, Any]:
        status: dict[str, Any] = self.ask("/status").json()
        return status

    def metrics(self) -> list[str]:
        return self.ask("/metrics").text.split("\n")

    def post(self, path: str, body: Any, token: str) -> requests.Response:
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.ask(path, "POST", data=data, headers={"authorization": f"Bearer {token}"})

    def client(
        self,
        url: str | None = None,
        transports: tuple[str, ...] = ("websocket",),
        socketio_path: str = "socket.io",
        **options: Any,
    ) -> Any:
        """A connected python-socketio client."""
        delays = {"reconnection_delay": 0.1, "reconnection_delay_max": 0.5}
        client = socketio.Client(**{**delays, **options})
        self.clients.append(client)
        client.connect(url or self.url, transports=list(transports), socketio_path=socketio_path, wait_timeout=10)
        return client

    def exit(self, seconds: float = 15) -> int:
        """The exit code; negative: the signal."""
        return self.process.wait(seconds)

    def stop(self) -> None:
        for client in self.clients:
            client.reconnection = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._log.close()


def stop_all() -> None:
    while running:
        running.pop().stop()


def most_in_half_a_second(times: list[float]) -> int:
    """The most of these moments that lie within half a second."""
    return max(sum(1 for time in times if start <= time < start + 0.5) for start in times)
