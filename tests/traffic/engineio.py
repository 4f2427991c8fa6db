"""A raw Socket.IO client: the worst case for a router.

Every polling request travels on a TCP connection of its own, from a given source address, with cookies only
if asked for. A router that keeps this client's session on one server keeps everybody's. What goes wrong is a
value (`Fault`).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any, Literal, Self

import aiohttp

from tests.traffic.packets import (
    Ack,
    Connected,
    ConnectError,
    Disconnected,
    Engine,
    Event,
    decode_message,
    encode_event,
)
from tests.traffic.wire import (
    REQUEST_SECONDS,
    Connections,
    Fault,
    PollingWire,
    SessionLostError,
    Stage,
    Target,
    WebSocketWire,
    Wire,
    lost,
)

Mode = Literal["polling", "upgrade", "websocket"]


class RawClient:
    """One session: `connect()` opens it, `upgrade()` moves it to WebSocket; `fault` is None while it lives.

    Mode websocket opens it by WebSocket, the other two by polling. `async with` does all that the mode says.
    """

    def __init__(self, target: Target, source: str, mode: Mode = "upgrade", keeps_cookies: bool = False) -> None:
        self.target, self.source, self.mode, self.keeps_cookies = target, source, mode, keeps_cookies
        self.fault: Fault | None = None
        self.events: list[Event] = []
        self.pings = 0
        self._joined = False
        self._acks: dict[int, tuple[Any, ...]] = {}
        self._next_ack = 0
        self._changed = asyncio.Condition()
        self._switching = asyncio.Lock()  # held while the session moves between transports
        self._leave_polling = False
        self._polling: PollingWire | None = None
        self._wire: Wire | None = None
        self._reader: asyncio.Task[None] | None = None
        self._connections: Connections | None = None
        self._http: aiohttp.ClientSession | None = None

    # --- life

    async def __aenter__(self) -> Self:
        if await self.connect() and self.mode == "upgrade":
            await self.upgrade()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def alive(self) -> bool:
        """Whether the session is open: joined the namespace, and nothing went wrong since."""
        return self._joined and self.fault is None

    @property
    def transport(self) -> str:
        """`polling`, `websocket`, or `none` before the handshake."""
        return self._wire.name if self._wire else "none"

    @property
    def polls(self) -> int:
        """Polls answered after the handshake, each over a new TCP connection."""
        return self._polling.polls if self._polling else 0

    @property
    def posts(self) -> int:
        """Packets posted, each over a new TCP connection."""
        return self._polling.posts if self._polling else 0

    async def connect(self) -> bool:
        """Open the session and join the namespace, without the upgrade. Returns whether that worked."""
        self._connections = Connections(self.target, self.source)
        self._http = aiohttp.ClientSession(
            connector=self._connections,
            cookie_jar=aiohttp.CookieJar(unsafe=True) if self.keeps_cookies else aiohttp.DummyCookieJar(),
            headers={"Host": self.target.host},
        )
        try:
            await (self._open_websocket() if self.mode == "websocket" else self._open_polling())
            await self._send(f"{Engine.MESSAGE}0")
            await self._wait(lambda: self._joined, REQUEST_SECONDS)
        except SessionLostError as error:
            self._lose(error.fault)
        except TimeoutError:
            self._lose(Fault("namespace", None, f"no answer in {REQUEST_SECONDS:g} s"))
        return self.alive

    async def upgrade(self) -> bool:
        """Move a polling session to WebSocket as browsers do: probe, end polling, switch.

        Returns whether that worked.
        """
        async with self._switching:
            try:
                await self._upgrade()
            except SessionLostError as error:
                self._lose(error.fault)
        return self.alive and self.transport == "websocket"

    async def close(self) -> None:
        """End the session without a word, as a lost client does. That is no fault."""
        if self._reader:
            self._reader.cancel()
            await asyncio.gather(self._reader, return_exceptions=True)
        if self._wire:
            await self._wire.close()
        if self._http and self._connections:
            await self._http.close()
            self._connections.abort()

    # --- Socket.IO

    async def emit(self, name: str, *args: Any, timeout: float = REQUEST_SECONDS) -> tuple[Any, ...]:
        """Send an event and wait for its acknowledgement. Raises SessionLostError, or TimeoutError."""
        number, self._next_ack = self._next_ack, self._next_ack + 1
        async with self._switching:
            await self._send(encode_event(name, args, number))
        await self._wait(lambda: number in self._acks, timeout)
        return self._acks.pop(number)

    async def wait_event(self, wanted: Callable[[Event], bool], timeout: float) -> Event:
        """The first event, past or to come, that is wanted. Raises SessionLostError or TimeoutError."""
        await self._wait(lambda: any(map(wanted, self.events)), timeout)
        return next(filter(wanted, self.events))

    async def wait_pings(self, count: int, timeout: float) -> None:
        """Wait until the server has pinged that often and was answered. Raises as `wait_event` does."""
        await self._wait(lambda: self.pings >= count, timeout)

    async def _take(self, packet: str) -> None:
        match packet[:1]:
            case Engine.PING:
                await self._send(Engine.PONG)
                self.pings += 1
            case Engine.CLOSE:
                raise lost(self._stage, None, "closed by the server")
            case Engine.MESSAGE:
                self._take_message(packet[1:])
        await self._notify()

    def _take_message(self, text: str) -> None:
        match decode_message(text):
            case Connected():
                self._joined = True
            case ConnectError(reason):
                raise lost("namespace", None, reason)
            case Disconnected():
                raise lost("namespace", None, "disconnected by the server")
            case Ack(number, args):
                self._acks[number] = args
            case Event() as event:
                self.events.append(event)

    # --- transports

    async def _open_polling(self) -> None:
        assert self._http is not None
        wire = self._polling = PollingWire(self._http, self.target)
        opening, *packets = await wire.handshake()
        greeting = _greeting(opening)
        wire.sid = greeting["sid"]
        wire.poll_seconds = (greeting["pingInterval"] + greeting["pingTimeout"]) / 1000 + 5
        self._read(wire, packets)

    async def _open_websocket(self) -> None:
        assert self._http is not None
        wire = await WebSocketWire.dial(self._http, self.target, None, "handshake")
        opening, *packets = await wire.receive()
        _greeting(opening)
        self._read(wire, packets)

    async def _upgrade(self) -> None:
        assert self._http is not None
        assert self._polling is not None
        assert self._reader is not None
        wire = await WebSocketWire.dial(self._http, self.target, self._polling.sid, "upgrade")
        await wire.send(f"{Engine.PING}probe")
        if (answer := await wire.receive()) != [f"{Engine.PONG}probe"]:
            raise lost("upgrade", None, f"the probe was answered by {answer!r}")
        # The server answers the poll under way by a NOOP, so that no packet is lost between the transports.
        self._leave_polling = True
        await self._reader
        if self.fault is None:
            await wire.send(Engine.UPGRADE)
            self._read(wire, [])

    def _read(self, wire: Wire, packets: list[str]) -> None:
        self._wire = wire
        self._reader = asyncio.create_task(self._receive_all(wire, packets))

    async def _receive_all(self, wire: Wire, packets: list[str]) -> None:
        try:
            while True:
                for packet in packets:
                    await self._take(packet)
                if self._leave_polling and wire is self._polling:
                    return
                packets = await wire.receive()
        except SessionLostError as error:
            self._lose(error.fault)
        except ValueError as error:
            self._lose(Fault(self._stage, None, str(error)))
        await self._notify()

    async def _send(self, packet: str) -> None:
        if self.fault:
            raise SessionLostError(self.fault)
        assert self._wire is not None, "connect() comes first"
        try:
            await self._wire.send(packet)
        except SessionLostError as error:
            self._lose(error.fault)
            raise

    # --- state

    @property
    def _stage(self) -> Stage:
        return "websocket" if self.transport == "websocket" else "poll"

    def _lose(self, fault: Fault) -> None:
        self.fault = self.fault or fault  # the first fault is the cause of the others

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds), self._changed:
            await self._changed.wait_for(lambda: condition() or self.fault is not None)
        if self.fault and not condition():
            raise SessionLostError(self.fault)


def _greeting(packet: str) -> dict[str, Any]:
    with contextlib.suppress(ValueError):
        if packet.startswith(Engine.OPEN) and isinstance(greeting := json.loads(packet[1:]), dict):
            return greeting
    raise lost("handshake", None, f"not an OPEN packet: {packet[:80]!r}")
