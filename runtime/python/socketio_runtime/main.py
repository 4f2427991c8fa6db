"""Everything the hooks talk to: the Servers of this process and what serves them. One for each process."""

from __future__ import annotations

import asyncio
import functools
import os
from typing import Any, Mapping

from . import settings as environment
from .adapters.broker import RedisBroker
from .control.app_address import AppAddress
from .control.drain import Drain
from .control.readiness import Readiness
from .control.shutdown import Shutdown
from .hooks import socketio as hooks
from .log import guarded, log
from .port.exposition import Family, families
from .port.http_connection import REQUEST_SECONDS
from .port.metrics import Metrics
from .port.side_port import SidePort
from .processes import Processes
from .processes.answers import answers
from .servers.managed_server import ManagedServer
from .servers.servers import Servers
from .servers.version import Version
from .sessions import forwarder, install
from .sessions.forwarder import Forwarder
from .sessions.limit import Limit
from .sessions.relay import Relays
from .truth.beats import Beats
from .truth.canary import Canary
from .truth.crossing import Crossing
from .truth.traffic import Traffic


class Runtime:
    """The parts know what they need of each other, and nothing of this. `forwarder`: finds sessions on other pods;
    `relays`: lets other pods find ours. Both are None without the variables that they take."""

    def __init__(self, env: Mapping[str, str]) -> None:
        self.settings = settings = environment.read(env)
        self.servers = Servers()
        self.metrics = Metrics()
        self.traffic = Traffic()
        self.side_port: SidePort | None = None
        self.list_port: SidePort | None = None
        self.forwarder: Forwarder | None = None
        self.relays: Relays | None = None
        self.drain = Drain(self.servers, self._drain_begins)
        self.shutdown = Shutdown(
            self.drain, settings.drain_seconds, settings.exit_seconds, self._leave, self.servers.connections
        )
        self.app_address = AppAddress(settings.app_port, settings.address, self._own_sockets)
        self.readiness = Readiness(self.servers, self.drain, self.app_address)
        of_this_process = answers(
            self.servers,
            self.drain,
            self.readiness,
            self.app_address,
            self.traffic,
            settings.adapter,
            self._families,
        )
        self.processes = Processes(settings.address, settings.port, of_this_process)

    def knows(self, io: Any) -> bool:
        """Whether that Server is one of ours."""
        return self.servers.get(io) is not None

    def create(self, io: Any, asynchronous: bool, version: Version, socketio: Any) -> ManagedServer:
        """A Server is being constructed."""
        managed = self._add(io, asynchronous, version, socketio)
        self.shutdown.install()
        return managed

    def created(self, managed: ManagedServer) -> None:
        """Its constructor has ended."""
        with guarded("heartbeats and canary"):
            self._show(managed)
        with guarded("sessions on other pods"):
            self._stand_before(managed)

    def unsupported(self, io: Any, version: Version) -> None:
        """Notes a Server of a version that is left alone."""
        if not self.knows(io):
            self._add(io, False, version, None)

    def connecting(self, io: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        """A transport connection of a Server was opened; `loop`: where it runs, for asyncio."""
        managed = self.servers.get(io)
        if managed:
            self.processes.open()
            managed.connecting(loop)

    def canary(self, io: Any) -> Canary | None:
        """What answers the operator's own client at that Server."""
        managed = self.servers.get(io)
        return managed.canary if managed else None

    def closed(self, io: Any) -> None:
        """The app shuts a Server down."""
        managed = self.servers.remove(io)
        if managed:
            managed.release()

    def forked(self) -> None:
        """In a child process: threads of the parent are gone, and its side port stays the parent's."""
        self.shutdown.forked = True
        self.processes.forked()
        for port in (self.side_port, self.list_port):
            if port:
                port.forget()
        if self.relays:
            self.relays.forget()
        for managed in self.servers.all():
            if managed.broker:
                managed.broker.start()
            if managed.beats:
                managed.beats.start()
        if self.forwarder:
            self.forwarder.start()

    def _add(self, io: Any, asynchronous: bool, version: Version, socketio: Any) -> ManagedServer:
        managed = self.servers.add(io, asynchronous, version, socketio)
        if self.servers.created == 1:
            os.register_at_fork(after_in_child=self.forked)
            self.forwarder = forwarder.create(self.settings, self.traffic, self._broker)
            self._open_side_port()
        return managed

    # what the runtimes tell each other along the path of the app's broadcasts
    def _show(self, managed: ManagedServer) -> None:
        settings = self.settings
        crossing = Crossing(managed)
        address = str(settings.address or "")
        managed.canary = Canary(managed, crossing, address, settings.token_file, self.traffic, self._canaries)
        if settings.heartbeats and settings.address and crossing.crosses and managed.threads_cooperate():
            managed.beats = Beats(crossing, settings.address)

    # not where the environment asks neither for sessions to be found elsewhere nor for a limit, and nobody can ask for
    # what was counted
    def _stand_before(self, managed: ManagedServer) -> None:
        limit = Limit(self.settings.max_connections, self.servers.connections)
        if self.forwarder or limit.most is not None or self.settings.port is not None:
            install.install(managed, self.traffic, limit, self.forwarder)

    def _open_side_port(self) -> None:
        if self.settings.port is None:
            return
        from .port.routes import peer_routes, routes

        token_file = self.settings.token_file
        answering = routes(self.processes, token_file, lambda: self.drain.draining, self._families)
        if self.forwarder:
            self.relays = Relays(self.app_address.dial)
            answering.update(peer_routes(self.relays, self.forwarder.own, token_file))
        self.side_port = SidePort(answering, self.settings.host, self.settings.port)
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

    def _drain_begins(self) -> None:
        if self.side_port:
            self.side_port.end()

    def _leave(self) -> None:
        if self.forwarder:
            self.forwarder.leave()

    def _own_sockets(self) -> list[int]:
        ports = (self.side_port, self.list_port, self.processes.door)
        return [port.fileno() for port in ports if port]

    def _families(self) -> list[Family]:
        account = self.forwarder.account if self.forwarder else None
        return families(self.servers.all(), self.metrics, self.settings.adapter, self.drain.draining, account)

    def _broker(self) -> RedisBroker | None:
        return next((managed.broker for managed in self.servers.all() if managed.broker), None)

    def _canaries(self) -> list[Canary]:
        return [managed.canary for managed in self.servers.all() if managed.canary]


@functools.lru_cache(maxsize=1)
def runtime() -> Runtime:
    """The runtime of this process."""
    return Runtime(os.environ)


def found(socketio: Any) -> None:
    """Called with the module when it has been loaded."""
    hooks.found(runtime(), socketio)
