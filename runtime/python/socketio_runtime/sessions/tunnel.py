"""Connections to the runtimes of other pods: what those of asyncio and those of threads share."""

from __future__ import annotations

import time
from collections import deque
from typing import Any, Callable, Generic, TypeVar

from .answer import Answer

PROTOCOL = "socketio-runtime"
PATH = "/peer"
REACH_SECONDS = 1.0
# shorter than any web server keeps a silent connection, so that none ends while a request is on its way to it
KEPT_SECONDS = 1.0
KEPT = 32
READ_BYTES = 65536
# what a session's queue may hold is not bounded by the engine either; this is what the runtime is ready to hold of it
LARGEST_ANSWERS = 100

T = TypeVar("T")


class PeerGoneError(Exception):
    """The other pod cannot be reached, or broke off. `at_once`: it did not even become a tunnel."""

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


class Kept(Generic[T]):
    """Tunnels that wait for the next request, a few for each pod.

    `close` ends one; `usable` tells whether one is still open.
    """

    def __init__(self, close: Callable[[T], Any], usable: Callable[[T], bool]) -> None:
        self._close = close
        self._usable = usable
        self._waiting: dict[str, deque[tuple[T, float]]] = {}

    def take(self, endpoint: str) -> T | None:
        """The one that waits shortest."""
        self._sweep()
        waiting = self._waiting.get(endpoint)
        while waiting:
            try:
                tunnel, _ = waiting.pop()
            except IndexError:
                break  # another thread took it
            if self._usable(tunnel):
                return tunnel
            self._close(tunnel)
        return None

    def keep(self, endpoint: str, tunnel: T) -> None:
        """Lets it wait for a while."""
        self._sweep()
        waiting = self._waiting.setdefault(endpoint, deque())
        if len(waiting) >= KEPT:
            self._close(tunnel)
        else:
            waiting.append((tunnel, time.monotonic()))

    def drop(self, endpoint: str) -> None:
        """The pod is gone."""
        for tunnel, _ in self._waiting.pop(endpoint, ()):
            self._close(tunnel)

    def _sweep(self) -> None:
        oldest = time.monotonic() - KEPT_SECONDS
        for endpoint, waiting in list(self._waiting.items()):
            while waiting and waiting[0][1] < oldest:
                try:
                    self._close(waiting.popleft()[0])
                except IndexError:
                    break
            if not waiting:
                self._waiting.pop(endpoint, None)
