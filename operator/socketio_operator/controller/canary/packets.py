"""Socket.IO's packets in the runtime's namespace, as far as this client needs them.

Format: https://socket.io/docs/v4/socket-io-protocol/ and .../engine-io-protocol/.
"""

import asyncio
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from socketio_operator.controller.canary.connection import ForeignError

NAMESPACE = "/.socketio-runtime"
PING, PONG = "2", "3"
CONNECT, EVENT, ACK, REFUSED = (f"4{kind}{NAMESPACE}," for kind in "0234")
RELAY_SECONDS = 2.0


class Transport(Protocol):
    """Carries Engine.IO's packets as text."""

    async def send(self, packet: str) -> None:
        """Raises LostError, ForeignError or SilentError."""

    async def receive(self) -> str:
        """The next packet. Raises LostError, ForeignError or SilentError."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A client in the runtime's namespace."""

    transport: Transport

    def over(self, transport: Transport) -> "Conversation":
        """The same session, which was upgraded."""
        return replace(self, transport=transport)

    async def join(self, proof: str) -> None:
        """Raises ForeignError if the namespace is not there, or does not let us in."""
        await self.transport.send(CONNECT + json.dumps({"canary": proof}))
        if not (await self._next(lambda text: text.startswith((CONNECT, REFUSED)))).startswith(CONNECT):
            raise ForeignError("refused")

    async def where(self) -> str:
        """The pod that has the session, by its address as it tells it."""
        await self.transport.send(f'{EVENT}1["where"]')
        return await self._next(lambda text: text.startswith(f"{ACK}1["))

    async def is_heard_by(self, other: "Conversation") -> bool:
        """Whether what this one's pod broadcasts comes to the other."""
        text = secrets.token_urlsafe()
        relayed = f'{EVENT}["relayed","{text}"'
        await self.transport.send(f'{EVENT}["relay","{text}"]')
        try:
            async with asyncio.timeout(RELAY_SECONDS):
                await other._next(lambda packet: packet.startswith(relayed))
        except TimeoutError:
            return False
        return True

    async def _next(self, is_wanted: Callable[[str], bool]) -> str:
        while True:
            packet = await self.transport.receive()
            if is_wanted(packet):
                return packet
            if packet.startswith(PING):
                await self.transport.send(PONG + packet[1:])
