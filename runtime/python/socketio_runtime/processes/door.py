"""Where one process of a pod answers the others: a Unix socket that only this user's processes reach."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Mapping

from ..log import log
from ..port.route import Answer, Request, Route
from ..port.side_port import SidePort
from .folder import folder_of, make_folder

# for the answers of all: less than a probe waits
ANSWER_SECONDS = 1.5
CHUNK_BYTES = 65536

Answers = Mapping[str, Callable[[Mapping[str, Any]], Any]]


@dataclass(frozen=True)
class Pod:
    """`address`: an IP. `port`: the side port; only processes with the same one belong together."""

    address: str
    port: int

    def path(self, pid: int) -> Path:
        """The socket of a process."""
        return folder_of(self.address) / f"{pid}.{self.port}"

    def others(self) -> list[int]:
        """Process ids of the others."""
        try:
            names = [name.partition(".") for name in os.listdir(folder_of(self.address))]
        except OSError:
            return []
        return sorted({int(pid) for pid, _, port in names if port == str(self.port)} - {os.getpid()})


class Door(SidePort):
    """`answers`: by question."""

    def __init__(self, pod: Pod, answers: Answers) -> None:
        routes = {f"/{question}": _route(answer) for question, answer in answers.items()}
        super().__init__(routes, None, 0, name="processes")
        self._pod = pod

    def _open(self) -> socket.socket:
        try:
            make_folder(self._pod.address)
            path = self._pod.path(os.getpid())
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return self._listen(socket.AF_UNIX, str(path))
        except OSError as error:
            log(f"processes: no socket for the others of this pod: {error}")
            raise SystemExit from None  # of this thread


def _route(answer: Callable[[Mapping[str, Any]], Any]) -> Route:
    def say(request: Request) -> Answer:
        return Answer(200, {"answer": answer(json.loads(request.body))})

    return Route("POST", say)


def ask(pod: Pod, question: str, bodies: Mapping[int, Mapping[str, Any]]) -> dict[int, Any]:
    """What those processes answer, None if one is silent; without those that do not listen. `bodies`: by process id."""
    end = time.monotonic() + ANSWER_SECONDS
    found: dict[int, Any] = {}
    asked: list[tuple[int, socket.socket]] = []
    for pid, body in bodies.items():
        path = pod.path(pid)
        try:
            asked.append((pid, _asked(path, question, body)))
        except (ConnectionRefusedError, FileNotFoundError):
            if not _alive(pid):
                with contextlib.suppress(FileNotFoundError):
                    path.unlink()
        except OSError:
            found[pid] = None
    for pid, connection in asked:
        with connection:
            try:
                found[pid] = _answer(connection, end)
            except (OSError, ValueError, KeyError):
                found[pid] = None
    return dict(sorted(found.items()))


# One that lives has yet to listen.
def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def _asked(path: Path, question: str, body: Mapping[str, Any]) -> socket.socket:
    text = json.dumps(body).encode("utf-8")
    head = f"POST /{question} HTTP/1.1\r\nhost: pod\r\nconnection: close\r\ncontent-length: {len(text)}\r\n\r\n"
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect(str(path))
        connection.sendall(head.encode("ascii") + text)
    except OSError:
        connection.close()
        raise
    return connection


def _answer(connection: socket.socket, end: float) -> Any:
    received = b""
    while True:
        connection.settimeout(max(0.01, end - time.monotonic()))
        chunk = connection.recv(CHUNK_BYTES)
        if not chunk:
            return json.loads(received.partition(b"\r\n\r\n")[2])["answer"]
        received += chunk
