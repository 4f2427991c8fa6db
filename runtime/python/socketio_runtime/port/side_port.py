"""The runtime's own HTTP server, one thread for all of its connections.

It keeps no process alive, serves asyncio and threaded servers alike, and answers while an event loop is blocked. What
is sent to it takes a bounded share of the process: sockets, time and bytes of a request are limited. A connection stays
open between its requests.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import time
from typing import Mapping

from ..log import log
from .http_connection import IDLE_SECONDS, REQUEST_SECONDS, Connection
from .route import Route

SOCKETS = 64
# other pods may open many at once
BACKLOG = 512
RETRY_SECONDS = 5.0
# how often it looks whether an answer is there for whom it waits
LOOK_SECONDS = 0.2


class SidePort:
    """`host`: all addresses if None. The times are those of a Connection. `name`: in the log. `places`: how many
    connections at once."""

    def __init__(
        self,
        routes: Mapping[str, Route],
        host: str | None,
        port: int,
        request_seconds: float = REQUEST_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        name: str = "side port",
        places: int = SOCKETS,
    ) -> None:
        self._name, self._places = name, places
        self._routes = routes
        self._seconds = (request_seconds, idle_seconds)
        self._ending = False
        self._host = host
        self._port = port
        self._listener: socket.socket | None = None
        self._mine = True
        # when connections are looked at next, in seconds of the monotonic clock
        self._next = 0.0
        # the one that has been silent longest comes first
        self._connections: dict[int, Connection] = {}

    def open(self) -> None:
        """Starts to listen, in the background."""
        threading.Thread(target=self._run, name=f"socketio-runtime-{self._name.replace(' ', '-')}", daemon=True).start()

    def fileno(self) -> int:
        """Descriptor of the listening socket, -1 while it is not open."""
        return self._listener.fileno() if self._listener else -1

    def end(self) -> None:
        """The process drains or ends: no connection is kept any more. May be called in any thread."""
        self._ending = True
        for connection in list(self._connections.values()):
            connection.last = True
            if connection.idle:
                with contextlib.suppress(OSError):
                    connection.socket.shutdown(socket.SHUT_RDWR)  # its end wakes our thread up

    def forget(self) -> None:
        """In a forked process: the parent goes on to serve the port, nothing of it stays open here."""
        self._mine = False
        for connection in self._connections.values():
            connection.close()
        if self._listener:
            self._listener.close()
            self._listener = None

    def _run(self) -> None:
        listener = self._open()
        listener.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(listener, selectors.EVENT_READ)
            while self._mine:
                self._turn(selector, listener)

    def _open(self) -> socket.socket:
        reported = False
        while True:
            try:
                listener = self._bind()
                log(f"{self._name} {self._port}: open")
                return listener
            except OSError as error:
                if not reported:
                    log(f"{self._name} {self._port}: {error.strerror}, tried again every {RETRY_SECONDS:g} s")
                reported = True
                time.sleep(RETRY_SECONDS)

    def _bind(self) -> socket.socket:
        if self._host is not None:
            family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
            return self._listen(family, (self._host, self._port))
        try:
            return self._listen(socket.AF_INET6, ("::", self._port))
        except OSError:
            # no IPv6 here, or the port is taken: then this fails too and tells why
            return self._listen(socket.AF_INET, ("0.0.0.0", self._port))

    # Ours before it listens: what listens and is not ours is the app's.
    def _listen(self, family: int, address: tuple[str, int] | str) -> socket.socket:
        self._listener = listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if family != socket.AF_UNIX:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            listener.bind(address)
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    def _turn(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        for key, _ in selector.select(timeout=max(0.0, self._next - time.monotonic())):
            if key.fileobj is listener:
                self._accept(selector, listener)
            elif key.fd in self._connections:
                self._serve(selector, self._connections[key.fd])
        if time.monotonic() >= self._next:
            self._sweep(selector)

    # Not in each turn: there may be many connections.
    def _sweep(self, selector: selectors.BaseSelector) -> None:
        for connection in [one for one in self._connections.values() if one.waiting]:
            self._look(selector, connection)
        now = time.monotonic()
        for connection in [one for one in self._connections.values() if one.deadline < now]:
            self._close(selector, connection)
        self._next = now + IDLE_SECONDS
        for connection in self._connections.values():
            self._note(connection)

    # A connection may be idle for long: it is looked at when its time is over, and no more often.
    def _note(self, connection: Connection) -> None:
        due = time.monotonic() + LOOK_SECONDS if connection.waiting else connection.deadline + 0.01
        self._next = min(self._next, due)

    # When all places are taken the connection that has been silent longest goes: a flood of half-open ones cannot keep
    # a probe out.
    def _accept(self, selector: selectors.BaseSelector, listener: socket.socket) -> None:
        try:
            accepted, _ = listener.accept()
        except OSError:
            return
        accepted.setblocking(False)
        connection = Connection(accepted, self._routes, *self._seconds)
        connection.last = self._ending
        self._connections[connection.fd] = connection
        selector.register(accepted, selectors.EVENT_READ)
        self._note(connection)
        if len(self._connections) > self._places:
            self._close(selector, next(one for one in self._connections.values() if not one.keeps))

    def _serve(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        try:
            answered = connection.proceed()
        except Exception as error:
            if not isinstance(error, OSError):
                log(f"{self._name}: a request failed: {error}")
            self._close(selector, connection)
            return
        if connection.upgraded:
            del self._connections[connection.fd]
            selector.unregister(connection.socket)
            connection.upgraded()
            return
        if connection.ended:
            self._close(selector, connection)
            return
        if answered:
            self._connections[connection.fd] = self._connections.pop(connection.fd)
        self._note(connection)
        self._expect(selector, connection)

    def _look(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        try:
            if connection.look():
                self._expect(selector, connection)
        except OSError:
            self._close(selector, connection)

    def _expect(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        wanted = selectors.EVENT_WRITE if connection.writing() else selectors.EVENT_READ
        selector.modify(connection.socket, wanted)

    def _close(self, selector: selectors.BaseSelector, connection: Connection) -> None:
        del self._connections[connection.fd]
        with contextlib.suppress(KeyError, ValueError, OSError):
            selector.unregister(connection.socket)
        connection.close()
