"""Servers on loopback that do what no broker does, and count what they got rid of."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

# Small, so that what a server got rid of is what the operator took in.
_SEND_BUFFER = 16 * 1024


@dataclass
class Visitor:
    """One connection of the operator's."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sent: int = 0

    async def heard(self, some: int = 1) -> None:
        """Waits for something; a probe speaks first."""
        await self.reader.read(65536 if some == 1 else some)

    async def say(self, data: bytes) -> None:
        """Sends as the operator takes it."""
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)


Behaviour = Callable[[Visitor], Awaitable[None]]


@dataclass
class Hostile:
    """`sent`: bytes that went out, of all connections."""

    port: int
    sent: int = 0
    connections: int = 0


@asynccontextmanager
async def hostile(behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> AsyncIterator[Hostile]:
    """A server on the running loop; its connections end with the context."""
    tasks: set[asyncio.Task[None]] = set()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
    found = Hostile(listener.getsockname()[1])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        found.connections += 1
        writer.transport.set_write_buffer_limits(high=_SEND_BUFFER)
        visitor = Visitor(reader, writer)
        try:
            with suppress(OSError, asyncio.CancelledError):
                await behaviour(visitor)
        finally:
            found.sent += visitor.sent
            writer.transport.abort()

    server = await asyncio.start_server(serve, sock=listener, ssl=tls)
    try:
        yield found
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


async def never() -> None:
    """Waits for ever."""
    await asyncio.Event().wait()
