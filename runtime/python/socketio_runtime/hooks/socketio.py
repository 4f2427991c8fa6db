"""The hooks in python-socketio and python-engineio."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Callable, Protocol

from ..log import guarded, log
from ..port.metrics import Metrics
from ..servers import version as versions
from ..servers.managed_server import ManagedServer
from ..settings import Settings
from ..truth import canary
from ..truth.crossing import NAMESPACE
from ..truth.traffic import HANDSHAKE, Traffic

OLDEST = (5, 0)
MARK = "_socketio_runtime_hooked"
CONNECT = 0  # of Socket.IO
MESSAGE = 4  # of Engine.IO
EVENT_PACKETS = ("2", "5")
UNKNOWN_SESSION = "Invalid session"


class Runtime(Protocol):
    """What the hooks talk to."""

    settings: Settings
    metrics: Metrics
    traffic: Traffic

    def knows(self, io: Any) -> bool:
        """Whether that Server is one of ours."""

    def create(self, io: Any, asynchronous: bool, version: versions.Version, socketio: Any) -> ManagedServer:
        """A Server is being constructed."""

    def created(self, managed: ManagedServer) -> None:
        """Its constructor has ended."""

    def unsupported(self, io: Any, version: versions.Version) -> None:
        """A Server of a version that is left alone is being constructed."""

    def connecting(self, io: Any, loop: asyncio.AbstractEventLoop | None) -> None:
        """A transport connection was opened."""

    def canary(self, io: Any) -> canary.Canary | None:
        """What answers the operator's own client at that Server."""

    def closed(self, io: Any) -> None:
        """The app shuts a Server down."""


def found(ours: Runtime, socketio: Any) -> None:
    """Called with the module when it has been loaded; hooks its classes once."""
    classes = [vars(socketio).get(name) for name in ("Server", "AsyncServer")]
    servers = [server for server in classes if isinstance(server, type)]
    version = versions.of(socketio)
    if not servers or version == (0,):
        return
    if version < OLDEST:
        older = f"python-socketio {versions.show(version)} is older than {versions.show(OLDEST)}"
        log(f"{older}: the app is left alone, without adapter and drain")
    for server in servers:
        if MARK in vars(server):
            continue
        setattr(server, MARK, True)
        if version < OLDEST:
            _observe(server, version, ours)
        else:
            _hook(server, socketio, version, ours)


def _hook(server: type, socketio: Any, version: versions.Version, ours: Runtime) -> None:
    _wrap(server, "__init__", lambda original: _constructor(original, socketio, version, ours))
    _wrap(server, "_handle_eio_connect", lambda original: _connecting(original, ours))
    _wrap(server, "_handle_eio_message", lambda original: canary.before(original, ours.canary))
    _wrap(server, "shutdown", lambda original: _before(original, "closing", ours.closed))
    metrics = ours.metrics
    _wrap(
        server,
        "_send_packet",
        lambda original: _before(
            original,
            "counting",
            lambda io, _, packet: metrics.connected(packet.namespace) if packet.packet_type == CONNECT else None,
        ),
    )
    _wrap(
        server,
        "_trigger_event",
        lambda original: _before(
            original,
            "counting",
            lambda io, event, namespace, *rest: metrics.disconnected(namespace) if event == "disconnect" else None,
        ),
    )
    _wrap(
        server,
        "_handle_event",
        lambda original: _before(
            original, "counting", lambda io, _, namespace, ack, data: metrics.received(data[0], namespace)
        ),
    )


# A subclass calls this constructor, and in early versions that of AsyncServer calls the one of Server: the first call
# for an object counts.
def _constructor(original: Callable[..., None], socketio: Any, version: versions.Version, ours: Runtime) -> Any:
    @functools.wraps(original)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
        asynchronous = isinstance(self, getattr(socketio, "AsyncServer", ()))
        managed = None
        if not ours.knows(self):
            with guarded("options and adapter"):
                managed = ours.create(self, asynchronous, version, socketio)
                args, kwargs = managed.arguments(args, kwargs, ours.settings)
        original(self, *args, **kwargs)
        if managed:
            with guarded("watching the server"):
                managed.created()
                _watch_engine(self.eio, ours)
            ours.created(managed)

    return __init__


def _watch_engine(engine: Any, ours: Runtime) -> None:
    """Counts what the engine refuses."""
    bad_request = engine._bad_request

    def _bad_request(message: Any = None, *rest: Any) -> Any:
        with guarded("counting"):
            ours.metrics.rejected(str(message).startswith(UNKNOWN_SESSION))
        return bad_request(message, *rest)

    engine._bad_request = _bad_request


def _count_sent(socket: Any, ours: Runtime) -> None:
    """Counts the events that go to one client, on its Engine.IO socket."""
    send = socket.send

    def counted(packet: Any, *rest: Any) -> Any:
        if packet.packet_type == MESSAGE and _is_event(packet.data):
            ours.metrics.sent()
        return send(packet, *rest)

    socket.send = counted


# An attachment is bytes, and may be large: it is not looked at.
def _is_event(data: Any) -> bool:
    return isinstance(data, str) and data.startswith(EVENT_PACKETS) and not data.startswith(NAMESPACE, 1)


def _watch_connection(
    io: Any, eio_sid: str, environ: Any, ours: Runtime, loop: asyncio.AbstractEventLoop | None
) -> None:
    ours.connecting(io, loop)
    socket = io.eio.sockets[eio_sid]
    _count_sent(socket, ours)
    setattr(socket, HANDSHAKE, ours.traffic.handshake(environ))


def _connecting(original: Callable[..., Any], ours: Runtime) -> Any:
    if asyncio.iscoroutinefunction(original):

        @functools.wraps(original)
        async def _handle_eio_connect(self: Any, eio_sid: str, environ: Any) -> Any:
            with guarded("watching connections"):
                _watch_connection(self, eio_sid, environ, ours, asyncio.get_running_loop())
            return await original(self, eio_sid, environ)

        return _handle_eio_connect

    @functools.wraps(original)
    def _handle_eio_connect_in_thread(self: Any, eio_sid: str, environ: Any) -> Any:
        with guarded("watching connections"):
            _watch_connection(self, eio_sid, environ, ours, None)
        return original(self, eio_sid, environ)

    return _handle_eio_connect_in_thread


def _before(original: Callable[..., Any], what: str, part: Callable[..., Any]) -> Any:
    """Calls `part` with the same arguments first; a coroutine function stays one."""
    if asyncio.iscoroutinefunction(original):

        @functools.wraps(original)
        async def wrapped(*args: Any, **kwargs: Any) -> Any:
            with guarded(what):
                part(*args, **kwargs)
            return await original(*args, **kwargs)

        return wrapped

    @functools.wraps(original)
    def wrapped_function(*args: Any, **kwargs: Any) -> Any:
        with guarded(what):
            part(*args, **kwargs)
        return original(*args, **kwargs)

    return wrapped_function


def _observe(server: type, version: versions.Version, ours: Runtime) -> None:
    """Versions that run as they are: a Server is only noted, so that health and status can speak of it."""
    _wrap(
        server,
        "__init__",
        lambda original: _before(
            original, "noting the server", lambda io, *args, **kwargs: ours.unsupported(io, version)
        ),
    )


# An inherited method is wrapped in the class itself, unless what is inherited is a wrapper already.
def _wrap(owner: type, name: str, make: Callable[[Any], Any]) -> None:
    original = getattr(owner, name, None)
    if original is None or hasattr(original, MARK):
        return
    wrapper = make(original)
    setattr(wrapper, MARK, True)
    setattr(owner, name, wrapper)
