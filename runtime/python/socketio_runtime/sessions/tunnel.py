"""Connections to the runtimes of other pods: what those of asyncio and those of threads share."""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from typing import Any, Callable, Generic, TypeVar

from .answer import Answer

PROTOCOL = "socketio-runtime"
PATH = "/peer"
# A machine that is there takes a connection at once, however slow its processes are.
CONNECT_SECONDS = 1.5
# A pod that is slow is not gone: that is for its heartbeats to say.
ANSWER_SECONDS = 5.0
# shorter than any web server keeps a silent connection, so that none ends while a request is on its way to it
KEPT_SECONDS = 1.0
KEPT = 32
SILENT_SECONDS = 5
LOST_MS = 10_000
READ_BYTES = 65536
# what a session's queue may hold is not bounded by the engine either; this is what the runtime is ready to hold of it
LARGEST_ANSWERS = 100

T = TypeVar("T")


class PeerGoneError(Exception):
    """The other pod cannot be reached, or broke off. `at_once`: nobody of the cluster is there."""

    def __init__(self, reason: object, at_once: bool = False) -> None:
        super().__init__(str(reason))
        self.at_once = at_once


def opening(endpoint: str, authorization: str) -> bytes:
    """The request that makes a connection a tunnel."""
    lines = [
        f"GET {PATH} HTTP/1.1",
        f"host: {endpoint}",
        "connection: upgrade",
        f"upgrade: {PROTOCOL}",
        f"authorization: {authorization}",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def opened(answer: Answer) -> None:
    """PeerGoneError unless the other pod agreed."""
    if answer.code != 101:
        raise PeerGoneError(f"answer {answer.code}", at_once=answer.code != 503)


def notice_loss(connection: socket.socket) -> None:
    """The machine at the other end may go without a word: that is noticed long before a session's time-out."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENT_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_MS)


class Kept(Generic[T]):
    """Tunnels that wait for the next request, a few for each pod; any thread may call.

    `close` ends one; `usable` tells whether one is still open.
    """

    def __init__(self, close: Callable[[T], Any], usable: Callable[[T], bool]) -> None:
        self._close = close
        self._usable = usable
        self._waiting: dict[str, deque[tuple[T, float]]] = {}
        self._lock = threading.Lock()

    def take(self, endpoint: str) -> T | None:
        """The one that waits shortest."""
        self._sweep()
        while True:
            with self._lock:
                waiting = self._waiting.get(endpoint)
                if not waiting:
                    return None
                tunnel, _ = waiting.pop()
            if self._usable(tunnel):
                return tunnel
            self._close(tunnel)

    def keep(self, endpoint: str, tunnel: T) -> None:
        """Lets it wait for a while."""
        self._sweep()
        with self._lock:
            waiting = self._waiting.setdefault(endpoint, deque())
            if len(waiting) < KEPT:
                waiting.append((tunnel, time.monotonic()))
                return
        self._close(tunnel)

    def drop(self, endpoint: str) -> None:
        """The pod is gone."""
        with self._lock:
            dropped = self._waiting.pop(endpoint, deque())
        for tunnel, _ in dropped:
            self._close(tunnel)

    def _sweep(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        old = []
        with self._lock:
            for endpoint, waiting in list(self._waiting.items()):
                while waiting and waiting[0][1] < oldest:
                    old.append(waiting.popleft()[0])
                if not waiting:
                    del self._waiting[endpoint]
        for tunnel in old:
            self._close(tunnel)
