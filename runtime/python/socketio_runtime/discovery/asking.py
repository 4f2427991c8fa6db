"""Asks DNS and the pods' side ports, each for a bounded time."""

from __future__ import annotations

import json
import socket
import threading
import time
from typing import Any, Callable, Iterable, Mapping

ANSWER_SECONDS = 1.0
AT_ONCE = 16
MOST_BYTES = 256 * 1024
CHUNK_BYTES = 65536
QUESTION = b"GET /status HTTP/1.1\r\nhost: status\r\nconnection: close\r\n\r\n"


class Names:
    """Of the pods, or addresses. While a name server is away what it said last holds, and nothing more is asked."""

    def __init__(self, names: Iterable[str]) -> None:
        self._found: dict[str, set[str]] = {name: set() for name in names}
        self._asked: dict[str, threading.Thread] = {}

    def addresses(self) -> set[str]:
        """Those behind the names."""
        end = time.monotonic() + ANSWER_SECONDS
        for name in self._found:
            if name not in self._asked or not self._asked[name].is_alive():
                self._asked[name] = _started(self._look_up, name)
        for thread in self._asked.values():
            thread.join(max(0.0, end - time.monotonic()))
        return set().union(*self._found.values())

    def _look_up(self, name: str) -> None:
        try:
            places = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
            self._found[name] = {str(place[0]) for *_, place in places}
        except socket.gaierror as error:
            if error.errno == socket.EAI_NONAME:
                self._found[name] = set()
        except (OSError, UnicodeError):
            return


def ask_all(ips: Iterable[str], port: int) -> dict[str, Mapping[str, Any] | None]:
    """IP -> what its side port says at /status; None: no answer."""
    waiting = list(ips)
    answers: dict[str, Mapping[str, Any] | None] = {}

    def work() -> None:
        while waiting:
            try:
                ip = waiting.pop()
            except IndexError:
                return
            answers[ip] = _status(ip, port)

    for thread in [_started(work) for _ in range(min(AT_ONCE, len(waiting)))]:
        thread.join()
    return answers


def _started(work: Callable[..., None], *args: str) -> threading.Thread:
    thread = threading.Thread(target=work, args=args, name="socketio-runtime-discovery", daemon=True)
    thread.start()
    return thread


def _status(ip: str, port: int) -> Mapping[str, Any] | None:
    try:
        head, _, body = _said(ip, port).partition(b"\r\n\r\n")
        status = json.loads(body) if head.startswith(b"HTTP/1.1 200 ") else None
    except (OSError, ValueError, RecursionError):
        return None
    number = status.get("connections") if isinstance(status, dict) else None
    return status if isinstance(number, (int, float)) and not isinstance(number, bool) else None


# http.client bounds each read, not all of them
def _said(ip: str, port: int) -> bytes:
    end = time.monotonic() + ANSWER_SECONDS
    said = b""
    with socket.create_connection((ip, port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(QUESTION)
        while len(said) < MOST_BYTES:
            connection.settimeout(max(0.001, end - time.monotonic()))
            received = connection.recv(CHUNK_BYTES)
            if not received:
                break
            said += received
    return said
