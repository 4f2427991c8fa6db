"""The namespace that the runtimes of a cluster keep for themselves, on the client manager of a Server.

What arrives on it is taken out before the manager looks for clients: the app's own namespaces know nothing of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import logging
import threading
from contextvars import ContextVar
from typing import Any, Callable

from .server import Server

NAMESPACE = "/.socketio-runtime"
LOOK_SECONDS = 1.0
# true where a failure to send is not the app's
quiet: ContextVar[bool] = ContextVar("socketio_runtime_quiet", default=False)


class Crossing:
    """Of one Server. `takers`: event -> what is called with its arguments; it may be a coroutine function where the
    Server is an asyncio one."""

    def __init__(self, managed: Server) -> None:
        self.takers: dict[str, Callable[..., Any]] = {}
        self._managed = managed
        self._manager: Any = managed.io.manager
        # those of python-socketio that reach other processes
        self.crosses = all(hasattr(self._manager, name) for name in ("_publish", "_handle_emit"))
        if self.crosses:
            self._take_out()

    def begun(self) -> bool:
        """Whether what others send arrives, or did so once."""
        broker = self._managed.broker
        if broker:
            return broker.was_subscribed
        return bool(self._managed.io.manager_initialized) and not getattr(self._manager, "write_only", False)

    def up(self) -> bool:
        """Whether what is sent now would arrive, as far as is known here: only our broker tells that it is away."""
        broker = self._managed.broker
        return self.begun() and (broker is None or broker.state()["subscribed"])

    def emit(self, event: str, *data: Any) -> Any:
        """Sends as the app would; a coroutine where the Server is an asyncio one."""
        return self._manager.emit(event, data, namespace=NAMESPACE)

    def send(self, event: str, *data: Any, closing: threading.Event) -> None:
        """The same from a thread of ours, until it was handed over, so that nothing piles up where that takes long."""
        loop = self._managed.loop
        if not self._managed.asynchronous:
            self.emit(event, *data)
        elif loop is None:
            self._publish(event, data)
        elif not loop.is_closed():
            sending = asyncio.run_coroutine_threadsafe(self.emit(event, *data), loop)
            done = threading.Event()
            sending.add_done_callback(lambda _: done.set())
            while not (done.wait(LOOK_SECONDS) or closing.is_set() or loop.is_closed()):
                continue

    # before the first client there is no event loop that we know; our manager needs none
    def _publish(self, event: str, data: tuple[Any, ...]) -> None:
        exchange = getattr(self._manager, "exchange", None)
        if exchange is not None:
            message = {"method": "emit", "event": event, "data": list(data), "namespace": NAMESPACE}
            exchange.publish({**message, "host_id": self._manager.host_id})

    # on the object: the manager's class may serve others, and each version looks the method up at each message
    def _take_out(self) -> None:
        manager, original = self._manager, self._manager._handle_emit
        if asyncio.iscoroutinefunction(original):

            @functools.wraps(original)
            async def _handle_emit(message: Any) -> None:
                if not _reserved(message):
                    await original(message)
                    return
                with contextlib.suppress(Exception):
                    result = self._take(message)
                    if inspect.isawaitable(result):
                        await result

            manager._handle_emit = _handle_emit
        else:

            @functools.wraps(original)
            def _handle_emit_in_thread(message: Any) -> None:
                if not _reserved(message):
                    original(message)
                    return
                with contextlib.suppress(Exception):
                    self._take(message)

            manager._handle_emit = _handle_emit_in_thread
        if self._managed.broker:
            manager.exchange.early = self._take_early
        for logger in (manager._get_logger(), logging.getLogger("socketio")):
            if isinstance(logger, logging.Logger):
                logger.addFilter(_loud)

    # Whoever may write to the broker may have written it.
    def _take(self, message: dict[str, Any]) -> Any:
        event, data = message.get("event"), message.get("data")
        taker = self.takers.get(event) if isinstance(event, str) else None
        return taker(*data) if taker and isinstance(data, (list, tuple)) and len(data) == 2 else None

    # a server that has had no client has none who could wait for anything
    def _take_early(self, message: dict[str, Any]) -> None:
        result = self._take(message)
        if inspect.iscoroutine(result):
            result.close()


def _reserved(message: Any) -> bool:
    return isinstance(message, dict) and message.get("namespace") == NAMESPACE


def _loud(record: logging.LogRecord) -> bool:
    return not quiet.get()
