"""The operator's own client: it comes through the route, as the app's clients do, and asks whom it reached.

Its namespace is answered here alone. Neither the client manager nor a handler of the app ever sees it, whatever
namespaces the app takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib
import threading
from typing import Any, Callable, Iterable

from ..log import guarded
from ..port import token
from .crossing import NAMESPACE, Crossing
from .server import Server
from .traffic import HANDSHAKE, Traffic

SOCKETS = 20
LONGEST_TEXT = 64
CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR = range(5)
RELAYED = "relayed"
# what python-socketio says to a namespace that the app does not have
REFUSAL = "Unable to connect"
_admission = threading.Lock()


class Canary:
    """Of one Server. `address`: of this pod, empty if it is not known. `all_of`: the canaries of all Servers."""

    def __init__(
        self,
        managed: Server,
        crossing: Crossing,
        address: str,
        token_file: str | None,
        traffic: Traffic,
        all_of: Callable[[], Iterable[Canary]],
    ) -> None:
        self._managed = managed
        self._io = managed.io
        self._crossing = crossing
        self._address = address
        self._token_file = token_file
        self._traffic = traffic
        self._all_of = all_of
        self._packet = getattr(self._io, "packet_class", None) or importlib.import_module("socketio.packet").Packet
        self._lock = threading.Lock()
        # ids of the Engine.IO sessions that have shown that they know the token
        self._sockets: set[str] = set()
        crossing.takers[RELAYED] = self._relayed_async if managed.asynchronous else self._relayed

    def open_sockets(self) -> list[str]:
        """Those that are still there."""
        there = [socket.sid for socket in self._managed.sockets()]
        with self._lock:
            self._sockets.intersection_update(there)
            return sorted(self._sockets)

    def read(self, eio_sid: str, data: Any) -> Any:
        """The packet if it is one of our namespace, else None."""
        if isinstance(data, str):
            ours = data.startswith(NAMESPACE, 1)
        else:
            # of a serializer that has no text, as msgpack
            binary = isinstance(data, bytes) and not getattr(self._packet, "uses_binary_events", True)
            ours = binary and NAMESPACE.encode() in data
        if not ours or eio_sid in self._io._binary_packet:
            return None
        with contextlib.suppress(Exception):
            packet = self._packet(encoded_packet=data)
            return packet if packet.namespace == NAMESPACE else None
        return None

    def handle(self, eio_sid: str, packet: Any) -> None:
        """Answers, in a threaded Server."""
        with guarded("the canary's namespace"):
            answer, text = self._answer(eio_sid, packet)
            if answer is not None:
                self._io._send_packet(eio_sid, answer)
            if text is not None:
                relay = functools.partial(self._crossing.emit, RELAYED) if self._crossing.crosses else self._relayed
                relay(text, self._address)

    async def handle_async(self, eio_sid: str, packet: Any) -> None:
        """Answers, in an asyncio Server."""
        with guarded("the canary's namespace"):
            answer, text = self._answer(eio_sid, packet)
            if answer is not None:
                await self._io._send_packet(eio_sid, answer)
            if text is not None and self._crossing.crosses:
                await self._crossing.emit(RELAYED, text, self._address)
            elif text is not None:
                await self._relayed_async(text, self._address)

    # a packet for the client, a text for all canaries
    def _answer(self, eio_sid: str, packet: Any) -> tuple[Any, str | None]:
        if packet.packet_type == CONNECT:
            return self._connect(eio_sid, packet.data), None
        if packet.packet_type == DISCONNECT:
            with self._lock:
                self._sockets.discard(eio_sid)
        if packet.packet_type != EVENT or eio_sid not in self._sockets:
            return None, None
        if packet.data[:1] == ["where"] and packet.id is not None:
            return self._packet(ACK, data=[self._address], namespace=NAMESPACE, id=packet.id), None
        text = packet.data[1] if packet.data[:1] == ["relay"] and len(packet.data) == 2 else None
        return None, text if _short(text) else None

    def _connect(self, eio_sid: str, auth: Any) -> Any:
        proof = auth.get("canary") if isinstance(auth, dict) else None
        known = eio_sid in self._sockets
        if known or not token.canary(self._token_file, proof) or not self._admit(eio_sid):
            return self._packet(CONNECT_ERROR, data=REFUSAL, namespace=NAMESPACE)
        handshake = getattr(self._io.eio.sockets.get(eio_sid), HANDSHAKE, None)
        if handshake:
            self._traffic.withdraw(handshake)
        return self._packet(CONNECT, data={"sid": self._io.eio.generate_id()}, namespace=NAMESPACE)

    def _admit(self, eio_sid: str) -> bool:
        with _admission:
            if sum(len(canary.open_sockets()) for canary in self._all_of()) >= SOCKETS:
                return False
            with self._lock:
                self._sockets.add(eio_sid)
        return True

    def _relayed(self, text: Any, address: Any) -> None:
        for eio_sid in self.open_sockets() if _short(text) and _short(address) else ():
            self._io._send_packet(eio_sid, self._event(text, address))

    async def _relayed_async(self, text: Any, address: Any) -> None:
        for eio_sid in self.open_sockets() if _short(text) and _short(address) else ():
            await self._io._send_packet(eio_sid, self._event(text, address))

    def _event(self, text: str, address: str) -> Any:
        return self._packet(EVENT, data=[RELAYED, text, address], namespace=NAMESPACE)


def before(original: Callable[..., Any], find: Callable[[Any], Canary | None]) -> Any:
    """Wraps what a Server does with a message. `find`: the Server's canary."""
    if asyncio.iscoroutinefunction(original):

        @functools.wraps(original)
        async def _handle_eio_message(self: Any, eio_sid: str, data: Any) -> Any:
            canary = find(self)
            packet = canary.read(eio_sid, data) if canary else None
            if canary is None or packet is None:
                return await original(self, eio_sid, data)
            return await canary.handle_async(eio_sid, packet)

        return _handle_eio_message

    @functools.wraps(original)
    def _handle_eio_message_in_thread(self: Any, eio_sid: str, data: Any) -> Any:
        canary = find(self)
        packet = canary.read(eio_sid, data) if canary else None
        if canary is None or packet is None:
            return original(self, eio_sid, data)
        return canary.handle(eio_sid, packet)

    return _handle_eio_message_in_thread


def _short(text: Any) -> bool:
    return isinstance(text, str) and len(text) <= LONGEST_TEXT
