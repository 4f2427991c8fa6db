"""Closing an Engine.IO connection so that the client reconnects by itself.

That is: without a Socket.IO DISCONNECT packet (no client would come back) and without an Engine.IO CLOSE packet (the
Python client would not). A WebSocket is closed by its writer, which ends at a None in its queue. A polling client gets
a NOOP for its pending request and is refused at the next one.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from typing import Any

from ..log import guarded


def close_in_thread(socket: Any) -> None:
    """For a threaded server; may be called in any thread."""
    with guarded("closing a connection"):
        if socket.upgraded:
            socket.queue.put(None)
            return
        socket.queue.put(_noop())
        socket.close(wait=False, abort=True, **_reason(socket))


def close_in_loop(socket: Any, loop: asyncio.AbstractEventLoop) -> None:
    """For an asyncio server; may be called in any thread, the connection is closed soon."""
    if not loop.is_closed():
        asyncio.run_coroutine_threadsafe(_close(socket), loop)


async def _close(socket: Any) -> None:
    with guarded("closing a connection"):
        if socket.upgraded:
            await socket.queue.put(None)
            return
        await socket.queue.put(_noop())
        await socket.close(wait=False, abort=True, **_reason(socket))
        # ends the writer of a WebSocket that is being upgraded to just now
        await socket.queue.put(None)


def _noop() -> Any:
    packet = importlib.import_module("engineio.packet")
    return packet.Packet(packet.NOOP)


def _reason(socket: Any) -> dict[str, str]:
    known = "reason" in inspect.signature(socket.close).parameters
    return {"reason": socket.server.reason.TRANSPORT_CLOSE} if known else {}
