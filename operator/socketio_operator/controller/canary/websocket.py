"""A session by WebSocket, from its beginning or after polling."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from socketio_operator.controller.canary.connection import ANSWER_BYTES, Connection, ForeignError, SilentError
from socketio_operator.controller.canary.polling import CLOSE, sid_of

UPGRADE_SECONDS = 2.0
_CLOSING = aiohttp.ClientWSTimeout(ws_close=1.0)
PROBE, PROBED, UPGRADE = "2probe", "3probe", "5"


class WebSocket:
    """One connection."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    @classmethod
    async def dial(cls, connection: Connection, sid: str = "") -> "WebSocket":
        """Raises ForeignError or SilentError."""
        url = connection.url("websocket", sid, websocket=True)
        try:
            return cls(
                await connection.http.ws_connect(
                    url, headers=connection.headers, max_msg_size=ANSWER_BYTES, timeout=_CLOSING, autoping=True
                )
            )
        except aiohttp.ClientConnectorError as error:
            raise SilentError from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ForeignError from error

    async def send(self, packet: str) -> None:
        """Raises SilentError."""
        try:
            await self._socket.send_str(packet)
        except (aiohttp.ClientError, OSError) as error:
            raise SilentError from error

    async def receive(self) -> str:
        """The next packet. Raises ForeignError."""
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT or message.data == CLOSE:
            raise ForeignError("closed")
        return str(message.data)

    async def close(self) -> None:
        """Ends the session with it."""
        await self._socket.close()


@asynccontextmanager
async def opened(connection: Connection) -> AsyncGenerator[WebSocket]:
    """A session of its own. Raises ForeignError or SilentError."""
    socket = await WebSocket.dial(connection)
    try:
        sid_of(await socket.receive())
        yield socket
    finally:
        await socket.close()


@asynccontextmanager
async def upgraded(connection: Connection, sid: str) -> AsyncGenerator[WebSocket | None]:
    """A polling session's, which nothing polls just now; None if it does not come through."""
    try:
        async with asyncio.timeout(UPGRADE_SECONDS):
            socket = await WebSocket.dial(connection, sid)
    except (ForeignError, SilentError, TimeoutError):
        yield None
        return
    try:
        yield socket if await _is_taken(socket) else None
    finally:
        await socket.close()


async def _is_taken(socket: WebSocket) -> bool:
    try:
        async with asyncio.timeout(UPGRADE_SECONDS):
            await socket.send(PROBE)
            taken = await socket.receive() == PROBED
            await socket.send(UPGRADE)
    except (ForeignError, SilentError, TimeoutError):
        return False
    return taken
