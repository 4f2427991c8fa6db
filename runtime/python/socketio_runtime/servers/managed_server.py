"""One Socket.IO Server of the app: its client manager, its engine and their connections."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

from ..adapters import manager, redis_library
from ..adapters.broker import RedisBroker
from ..log import log
from ..settings import Settings
from ..truth.beats import Beats
from ..truth.canary import Canary
from . import options
from .connection import close_in_loop, close_in_thread
from .version import Version, show

FLUSH_SECONDS = 1.0


class ManagedServer:
    """`index`: 1 for the first Server that the process created.

    `owner` of the adapter: "runtime", "app", "none" (nobody: a single process) or "unsupported".
    """

    def __init__(self, io: Any, asynchronous: bool, version: Version, index: int, socketio: Any = None) -> None:
        self.io = io
        self.asynchronous = asynchronous
        self.version = version
        self.index = index
        self.owner = "unsupported" if socketio is None else "none"
        self.adapter = "in-memory"
        self.app_options: list[str] = []
        self.broker: RedisBroker | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.canary: Canary | None = None
        self.beats: Beats | None = None
        self._socketio = socketio
        self._manager: Any = None
        self._asked: set[str] = set()
        self._closing = threading.Lock()

    def arguments(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], settings: Settings
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the Server's constructor gets: the app's arguments, completed."""
        if self.index == 1:
            options.report_unknown(settings)
        engine = getattr(self.io, "_engineio_server_class", lambda: object)()
        kwargs, self.app_options = options.fill_in(kwargs, settings, engine)
        own = args[0] if args else kwargs.get("client_manager")
        if own is not None:
            self._leave_adapter_to_app(own, settings)
            return args, kwargs
        self._open(settings)
        if self._manager is None:
            return args, kwargs
        if args:
            return (self._manager, *args[1:]), kwargs
        return args, {**kwargs, "client_manager": self._manager}

    def created(self) -> None:
        """The constructor has ended: the engine exists."""
        if self.owner == "runtime" and not self.threads_cooperate():
            log(f"adapter: {self.io.async_mode} without monkey patching cannot wait for Redis, broadcasts stay here")
            self.release()

    def connecting(self, loop: asyncio.AbstractEventLoop | None) -> None:
        """A transport connection was opened."""
        self.loop = loop or self.loop

    def sockets(self) -> list[Any]:
        """Open Engine.IO sockets, oldest first, those being closed included."""
        engine = getattr(self.io, "eio", None)
        return [socket for socket in list(getattr(engine, "sockets", {}).values()) if not socket.closed]

    def open_sockets(self) -> list[Any]:
        """Those that nobody asked to close yet."""
        sockets = self.sockets()
        self._asked.intersection_update([socket.sid for socket in sockets])
        return [socket for socket in sockets if socket.sid not in self._asked and not socket.closing]

    def close_oldest(self, most: int) -> int:
        """Closes open connections, at most so many; how many it were."""
        with self._closing:
            sockets = self.open_sockets()[:most]
            self._asked.update(socket.sid for socket in sockets)
        for socket in sockets:
            if self.loop:
                close_in_loop(socket, self.loop)
            else:
                close_in_thread(socket)
        return len(sockets)

    def adapter_state(self) -> dict[str, Any]:
        """owner, name and, with a broker, whether it is reachable and subscribed."""
        return {"owner": self.owner, "name": self.adapter, **(self.broker.state() if self.broker else {})}

    def release(self) -> None:
        """Lets the broker go; the Server goes on by itself."""
        if self.beats:
            self.beats.stop()
        if self.broker:
            self.broker.flush(FLUSH_SECONDS)
            self.broker.close()
            self.broker = None
            self.owner, self.adapter = "none", "in-memory"

    def threads_cooperate(self) -> bool:
        """Whether our threads may wait without stopping the server: a green one needs a patched standard library."""
        mode = self.io.async_mode
        if mode == "eventlet":
            return bool(sys.modules["eventlet.patcher"].is_monkey_patched("socket"))
        if mode.startswith("gevent"):
            return "gevent.monkey" in sys.modules and bool(sys.modules["gevent.monkey"].is_module_patched("socket"))
        return True

    def _leave_adapter_to_app(self, own: Any, settings: Settings) -> None:
        self.owner, self.adapter = "app", type(own).__name__
        if settings.adapter != "none":
            log(f"adapter: the app's own is kept, SOCKETIO_ADAPTER={settings.adapter} is not applied")

    def _open(self, settings: Settings) -> None:
        if settings.adapter == "none":
            return
        if settings.adapter != "redis":
            log(f"adapter: python-socketio has no {settings.adapter}, only redis: the app goes on without it")
            return
        if settings.broker_url is None:
            log("adapter: SOCKETIO_RUNTIME_BROKER_URL is not set, redis is not applied")
            return
        # no prefix that the operator gives has a colon: another cluster may be named with the number
        prefix = settings.prefix if self.index == 1 else f"{settings.prefix}:{self.index}"
        try:
            self.broker = RedisBroker(redis_library.load(), settings.broker_url, prefix, settings.broker_ca_file)
        except Exception as error:
            # errors of the URL may quote it
            reason = str(error) if isinstance(error, ImportError) else "the broker's URL is not valid"
            log(f"adapter: redis failed to start, the app goes on without it: {reason}")
            return
        self._manager = manager.create(self._socketio, self.asynchronous, self.broker, self.version)
        self.owner, self.adapter = "runtime", "redis"
        log(f"python-socketio {show(self.version)}: adapter redis, prefix {prefix}")
