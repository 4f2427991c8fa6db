"""The receiving end: a connection of another pod is joined to the app's own port, bytes for bytes, both ways.

One thread for all of them, besides the side port's, so that a probe is answered whatever flows here.
"""

from __future__ import annotations

import contextlib
import functools
import resource
import selectors
import socket
import threading
from typing import Callable

from ..log import guarded, log
from .tunnel import notice_loss

BUFFERED_BYTES = 65536
MOST = 8192
# a quarter of what the process may open at all: each takes two descriptors
SHARE = 8


class End:
    """One of the two sockets of a relay.

    `out`: bytes on their way to it. `greeting`: what the other one is told when this one is connected.
    """

    def __init__(self, connection: socket.socket, out: bytes = b"", greeting: bytes = b"") -> None:
        self.socket = connection
        self.out = bytearray(out)
        self.greeting = greeting
        self.other: End = self
        self.ended = False  # what it sends
        self.shut = False  # what is sent to it
        self.watched = 0

    def wanted(self) -> int:
        """What to wait for. Nothing is read while the other side is slow to take what was read before."""
        read = not self.ended and len(self.other.out) < BUFFERED_BYTES
        return (selectors.EVENT_READ if read else 0) | (selectors.EVENT_WRITE if self.out or self.greeting else 0)

    def proceed(self, events: int) -> None:
        """Does what can be done without waiting; OSError if the connection broke."""
        if events & selectors.EVENT_READ and not self.ended:
            with contextlib.suppress(BlockingIOError):
                data = self.socket.recv(BUFFERED_BYTES)
                self.ended = not data
                self.other.out += data
                self.other.flush()
        if events & selectors.EVENT_WRITE:
            self.other.out[:0], self.greeting = self.greeting, b""
            self.flush()

    def flush(self) -> None:
        """Sends what it takes, and tells it when there is no more to come."""
        if self.out and not self.greeting:
            with contextlib.suppress(BlockingIOError):
                del self.out[: self.socket.send(self.out)]
        if not self.out and self.other.ended and not self.shut:
            self.shut = True
            self.socket.shutdown(socket.SHUT_WR)


class Relays:
    """`address`: tells where the app listens; None as long as it does not."""

    def __init__(self, address: Callable[[], tuple[str, int] | None]) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._coming: list[tuple[socket.socket, tuple[str, int], bytes, bytes]] = []
        self._ends: set[End] = set()
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        self._most = MOST if files == resource.RLIM_INFINITY else min(MOST, files // SHARE)
        self._waker: socket.socket | None = None

    def admit(self) -> Callable[[socket.socket, bytes, bytes], None] | None:
        """What joins a connection to the app; None if the app does not listen or there is no room for one more. It is
        called with the connection, what that is told as soon as it is joined, and what it sent already."""
        if len(self._coming) + len(self._ends) // 2 >= self._most:
            return None
        app = self._address()
        return functools.partial(self._take, app) if app else None

    def _take(self, app: tuple[str, int], connection: socket.socket, greeting: bytes, early: bytes) -> None:
        with self._lock:
            self._coming.append((connection, app, greeting, early))
            if self._waker is None:
                self._waker, woken = socket.socketpair()
                self._waker.setblocking(False)
                thread = threading.Thread(target=self._run, args=(woken,), name="socketio-runtime-relay", daemon=True)
                thread.start()
        with contextlib.suppress(BlockingIOError):
            self._waker.send(b"x")

    def forget(self) -> None:
        """In a forked process: the connections are the parent's."""
        for end in self._ends:
            end.socket.close()

    def _run(self, woken: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(woken, selectors.EVENT_READ)
            while True:
                for key, events in selector.select():
                    if key.fileobj is woken:
                        woken.recv(4096)
                        self._begin_all(selector)
                    elif key.data.watched:
                        self._proceed(selector, key.data, events)

    def _begin_all(self, selector: selectors.BaseSelector) -> None:
        with self._lock:
            coming, self._coming = self._coming, []
        for connection, app, greeting, early in coming:
            try:
                near, far = End(connection), End(_dial(app), early, greeting)
            except OSError as error:
                log(f"a connection of another pod: the app does not answer at {app[0]}:{app[1]}: {error}")
                connection.close()
                continue
            near.other, far.other = far, near
            with guarded("watching a connection of another pod"):
                notice_loss(connection)
            self._ends.update((near, far))
            _watch(selector, far)

    def _proceed(self, selector: selectors.BaseSelector, end: End, events: int) -> None:
        try:
            end.proceed(events)
            done = end.shut and end.other.shut
        except OSError:
            done = True
        for one in (end, end.other):
            if done:
                self._close(selector, one)
            else:
                _watch(selector, one)

    def _close(self, selector: selectors.BaseSelector, end: End) -> None:
        if end.watched:
            selector.unregister(end.socket)
        end.watched = 0
        self._ends.discard(end)
        end.socket.close()


def _watch(selector: selectors.BaseSelector, end: End) -> None:
    wanted = end.wanted()
    if wanted == end.watched:
        return
    if not end.watched:
        selector.register(end.socket, wanted, end)
    elif wanted:
        selector.modify(end.socket, wanted, end)
    else:
        selector.unregister(end.socket)
    end.watched = wanted


def _dial(app: tuple[str, int]) -> socket.socket:
    connection = socket.socket(socket.AF_INET6 if ":" in app[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(BlockingIOError):
            connection.connect(app)
    except OSError:
        connection.close()
        raise
    return connection
