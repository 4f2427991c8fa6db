"""Everything the hooks talk to: the Servers of this process and what serves them. One for each process."""

from __future__ import annotations

import asyncio
import functools
import os
from typing import Any, Mapping

from . import settings as environment
from .app_address import AppAddress
from .broadcasts.canary import Canary
from .drain import Drain
from .http_connection import REQUEST_SECONDS
from .log import log
from .managed_server import ManagedServer
from .metrics import Metrics
from .processes import Processes
from .readiness import Readiness
from .sessions import forwarder
from .sessions.forwarder import Forwarder
from .sessions.relay import Relays
from .shutdown import Shutdown
from .side_port import SidePort
from .traffic import Traffic
from .version import Version


class Runtime:
    """`servers`: id of a Server -> what is known of it, in order of creation. `forwarder`: finds sessions on other
    pods; `relays`: lets other pods find ours. Both are None without the variables that they take."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.settings = environment.read(env)
        self.servers: dict[int, ManagedServer] = {}
        self.metrics = Metrics()
        self.traffic = Traffic()
        self.drain = Drain(self)
        self.shutdown = Shutdown(self)
        self.app_address = AppAddress(self)
        self.readiness = Readiness(self)
        self.processes = Processes(self)
        self.side_port: SidePort | None = None
        self.list_port: SidePort | None = None
        self.forwarder: Forwarder | None = None
        self.relays: Relays | None = None
        self._created = 0

    def knows(self, io: Any) -> bool:
        """Whether that Server is one of ours."""
        return id(io) in self.servers

    def create(self, io: Any, asynchronous: bool, version: Version, socketio: Any) -> ManagedServer:
        """A Server is being constructed."""
        managed = self._add(io, asynchronous, version, socketio)
        self.shutdown.install()
        return managed

    def unsupported(self, io: Any, version: Version) -> None:
        """Notes a Server of a version that is left alone."""
        if not self.knows(io):
            self._add(io, False, version, None)

    def connecting(self, io: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        """A transport connection of a Server was opened; `loop`: where it runs, for asyncio."""
        if self.knows(io):
            self.processes.open()
            self.servers[id(io)].connecting(loop)

    def canary(self, io: Any) -> Canary | None:
        """What answers the operator's own client at that Server."""
        managed = self.servers.get(id(io))
        return managed.canary if managed else None

    def closed(self, io: Any) -> None:
        """The app shuts a Server down."""
        managed = self.servers.pop(id(io), None)
        if managed:
            managed.release()

    def connections(self) -> int:
        """Transport connections of all Servers of this process."""
        return sum(len(managed.sockets()) for managed in self.servers.values())

    def all(self) -> list[ManagedServer]:
        """The Servers, safe to iterate over in any thread."""
        return list(self.servers.values())

    def forked(self) -> None:
        """In a child process: threads of the parent are gone, and its side port stays the parent's."""
        self.shutdown.forked = True
        self.processes.forked()
        if self.side_port:
            self.side_port.forget()
        if self.list_port:
            self.list_port.forget()
        if self.relays:
            self.relays.forget()
        for managed in self.all():
            if managed.broker:
                managed.broker.start()
            if managed.beats:
                managed.beats.start()
        if self.forwarder:
            self.forwarder.start()

    def _add(self, io: Any, asynchronous: bool, version: Version, socketio: Any) -> ManagedServer:
        self._created += 1
        managed = ManagedServer(io, asynchronous, version, self._created, socketio)
        self.servers[id(io)] = managed
        if self._created == 1:
            os.register_at_fork(after_in_child=self.forked)
            self.forwarder = forwarder.create(self)
            self._open_side_port()
        return managed

    def _open_side_port(self) -> None:
        if self.settings.port is None:
            return
        from .routes import routes

        if self.forwarder:
            self.relays = Relays(self.app_address.dial)
        self.side_port = SidePort(routes(self, self.processes), self.settings.host, self.settings.port)
        self.side_port.open()
        self.processes.open()
        self._open_list_port(self.settings.port)

    def _open_list_port(self, side_port: int) -> None:
        url, port, peers = self.settings.discovery_url, self.settings.discovery_port, self.settings.peers
        if not (url and port and peers):
            return
        if port in (side_port, self.settings.app_port):
            # it would be taken from the app, which listens later
            taker = "app" if port == self.settings.app_port else "side port"
            log(f"discovery port {port}: taken by the {taker}, clients are told of no servers")
            return
        from .discovery.discovery import PLACES, Discovery

        routes = Discovery(url, peers, side_port, self.settings.max_connections).routes()
        times = (REQUEST_SECONDS, REQUEST_SECONDS)
        self.list_port = SidePort(routes, self.settings.host, port, *times, name="discovery port", places=PLACES)
        self.list_port.open()


@functools.lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The runtime of this process."""
    return Runtime(os.environ)
