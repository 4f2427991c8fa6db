"""A session by HTTP long-polling."""

import json
import re
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

from socketio_operator.controller.canary.connection import Connection, ForeignError, LostError, SilentError

SEPARATOR = "\x1e"
OPEN, CLOSE = "0", "1"
MOST_PACKETS = 64
_SID = re.compile(r"[A-Za-z0-9_~.-]{1,128}")


class Polling:
    """Each request is on a connection of its own, and must find the session."""

    def __init__(self, connection: Connection, sid: str) -> None:
        self.sid = sid
        self._connection = connection
        self._received: deque[str] = deque()
        self._left = False

    @classmethod
    @asynccontextmanager
    async def opened(cls, connection: Connection) -> "AsyncGenerator[Polling]":
        """A session, closed at the end. Raises ForeignError or SilentError."""
        session = cls(connection, sid_of(await connection.ask("GET")))
        try:
            yield session
        finally:
            await session._close()

    def leave(self) -> None:
        """It has another transport now."""
        self._left = True

    async def send(self, packet: str) -> None:
        """Raises LostError, ForeignError or SilentError."""
        await self._connection.ask("POST", self.sid, packet)

    async def receive(self) -> str:
        """The next packet. Raises LostError, ForeignError or SilentError."""
        while not self._received:
            packets = (await self._connection.ask("GET", self.sid)).split(SEPARATOR)
            if len(packets) > MOST_PACKETS:
                raise ForeignError("too many packets")
            self._received.extend(packets)
        packet = self._received.popleft()
        if packet == CLOSE:
            raise ForeignError("closed")
        return packet

    async def _close(self) -> None:
        if not self._left:
            with suppress(LostError, ForeignError, SilentError):
                await self.send(CLOSE)


def sid_of(packet: str) -> str:
    """The id of a session that was just opened. Raises ForeignError if this is no such packet."""
    try:
        sid = json.loads(packet[1:])["sid"] if packet.startswith(OPEN) else None
    except (ValueError, KeyError, TypeError, RecursionError):
        sid = None
    if not isinstance(sid, str) or not _SID.fullmatch(sid):
        raise ForeignError("no session")
    return sid
