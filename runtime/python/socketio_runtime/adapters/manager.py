"""python-socketio client managers on top of a RedisBroker.

They derive from the app's own (Async)PubSubManager and speak its format, so processes that run the same version of
python-socketio with its RedisManager on the same channel understand them.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import pickle
import queue
import threading
from typing import Any, AsyncIterator, Callable, Iterator

from ..servers.version import Version
from ..truth.crossing import NAMESPACE
from .broker import RedisBroker

JSON_SINCE = (5, 14)
LOCAL_FIRST_SINCE = (5, 10)
SENDER = "socketio_runtime_sender"
WAITING_MESSAGES = 10_000


class Inbox:
    """Messages on their way from the broker's thread into the server; `put` must be callable from any thread."""

    def __init__(self, put: Callable[[Any], None]) -> None:
        self._put = put
        self._places = threading.BoundedSemaphore(WAITING_MESSAGES)

    def from_broker(self, payload: bytes) -> None:
        """Waits while the server has too many messages to deal with."""
        self._places.acquire()
        self._put(payload)

    def from_here(self, message: dict[str, Any]) -> None:
        """Takes a message that goes to the clients of this process at once."""
        self._put(message)

    def taken(self, item: Any) -> None:
        """To be called for each item that was got."""
        if isinstance(item, bytes):
            self._places.release()


class Exchange:
    """What both kinds of manager share: the format, and that clients of this process need no broker.

    `early`: called with what comes on the namespace of the runtimes as long as the server has had no client, so that
    the manager does not listen yet."""

    def __init__(self, broker: RedisBroker, version: Version, manager: Any) -> None:
        self.broker = broker
        self.manager = manager
        self.inbox: Inbox | None = None
        self.early: Callable[[dict[str, Any]], Any] | None = None
        self._json = version >= JSON_SINCE
        self._local_first = version >= LOCAL_FIRST_SINCE
        broker.deliver = self._before_clients

    def open(self, put: Callable[[Any], None]) -> Inbox:
        """Begins to receive."""
        self.inbox = Inbox(put)
        self.broker.deliver = self.inbox.from_broker
        return self.inbox

    def publish(self, message: dict[str, Any]) -> None:
        """Sends to the other processes. Before 5.10 python-socketio delivered to its own clients by the broker's echo,
        so not at all while the broker was away: here they get theirs at once, and the echo is left out."""
        if not self._local_first:
            message = {**message, SENDER: self.manager.host_id}
            if self.inbox:
                self.inbox.from_here(message)
        self.broker.publish(self._encode(message))

    def read(self, item: Any) -> dict[str, Any]:
        """A message for the server; an empty one (which it ignores) if it is our own or no message at all."""
        if self.inbox:
            self.inbox.taken(item)
        if not isinstance(item, bytes):
            return dict(item)
        try:
            message = self._decode(item)
        except Exception:
            return {}
        own = not isinstance(message, dict) or message.get(SENDER) == self.manager.host_id
        return {} if own else message

    def _before_clients(self, payload: bytes) -> None:
        if self.early and NAMESPACE.encode() in payload:
            with contextlib.suppress(Exception):
                message = self._decode(payload)
                if message["namespace"] == NAMESPACE:
                    self.early(message)

    def _encode(self, message: dict[str, Any]) -> bytes:
        if not self._json:
            return pickle.dumps(message)
        text = self._json_module().dumps(message)
        return text if isinstance(text, bytes) else text.encode("utf-8")

    def _decode(self, payload: bytes) -> Any:
        return self._json_module().loads(payload) if self._json else pickle.loads(payload)

    # since 5.15 each manager has its server's JSON module, before it was Engine.IO's
    def _json_module(self) -> Any:
        return getattr(self.manager, "json", None) or importlib.import_module("engineio.json")


def create(socketio: Any, asynchronous: bool, broker: RedisBroker, version: Version) -> Any:
    """A client manager for `socketio.AsyncServer` or `socketio.Server`."""
    theirs = socketio.AsyncRedisManager if asynchronous else socketio.RedisManager
    make = _asynchronous if asynchronous else _threaded
    return make(theirs, broker, version)


def _threaded(theirs: Any, broker: RedisBroker, version: Version) -> Any:
    class RedisManager(theirs.__mro__[1]):  # type: ignore[misc]
        name = "redis"

        def __init__(self) -> None:
            super().__init__(channel=broker.channel)
            self.exchange = Exchange(broker, version, self)

        def _publish(self, data: dict[str, Any]) -> None:
            self.exchange.publish(data)

        def _listen(self) -> Iterator[dict[str, Any]]:
            items: queue.Queue[Any] = queue.Queue()
            self.exchange.open(items.put)
            while True:
                yield self.exchange.read(items.get())

    return RedisManager()


def _asynchronous(theirs: Any, broker: RedisBroker, version: Version) -> Any:
    class AsyncManager(theirs.__mro__[1]):  # type: ignore[misc]
        name = "redis"

        def __init__(self) -> None:
            super().__init__(channel=broker.channel)
            self.exchange = Exchange(broker, version, self)
            self.items: asyncio.Queue[Any] | None = None

        async def _publish(self, data: dict[str, Any]) -> None:
            self.exchange.publish(data)

        async def next_message(self) -> dict[str, Any]:
            if self.items is None:
                items = self.items = asyncio.Queue()
                loop = asyncio.get_running_loop()
                self.exchange.open(lambda item: _hand_over(loop, items, item))
            return self.exchange.read(await self.items.get())

    class GeneratorManager(AsyncManager):
        async def _listen(self) -> AsyncIterator[dict[str, Any]]:
            while True:
                yield await self.next_message()

    class CoroutineManager(AsyncManager):
        async def _listen(self) -> dict[str, Any]:
            return await self.next_message()

    # before 5.5 `_listen` returned one message
    return GeneratorManager() if inspect.isasyncgenfunction(theirs._listen) else CoroutineManager()


def _hand_over(loop: asyncio.AbstractEventLoop, items: asyncio.Queue[Any], item: Any) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(items.put_nowait, item)
