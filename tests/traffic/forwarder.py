"""Forwards a loopback port from a chosen source address, for a browser or as a load balancer in front of a proxy."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from tests.traffic.beside import beside

# Of a client's address and the first bytes that it sends: what is passed on in their place.
Opening = Callable[[str, bytes], bytes]
# Of these bytes: the port to connect to. Raises OSError for a connection that is refused.
Choice = Callable[[bytes], int]


def as_it_is(client: str, begin: bytes) -> bytes:
    """Nothing is said of the client."""
    return begin


def by_header(client: str, begin: bytes) -> bytes:
    """X-Forwarded-For in the first request of a connection, after what the client says there itself."""
    line, _, rest = begin.partition(b"\r\n")
    head, _, body = rest.partition(b"\r\n\r\n")
    return b"\r\n".join([line, head, f"X-Forwarded-For: {client}".encode(), b"", body])


def by_proxy_protocol(client: str, begin: bytes) -> bytes:
    """Version 1 of the PROXY protocol."""
    return f"PROXY TCP4 {client} 127.0.0.1 40000 80\r\n".encode() + begin


@contextmanager
def forwarding(
    target_port: int, source: str, addresses: Sequence[str] = ("127.0.0.1",), opening: Opening = as_it_is
) -> Iterator[int]:
    """A free port on 127.0.0.1: connections reach `target_port` at the addresses in turn, as coming from `source`."""
    with _started(Forwarder(lambda _: target_port, source, addresses, opening)) as port:
        yield port


@contextmanager
def choosing(choice: Choice) -> Iterator[int]:
    """A free port on 127.0.0.1: each connection reaches a port of the same machine by what it begins with."""
    with _started(Forwarder(choice, "127.0.0.1", ("127.0.0.1",), as_it_is)) as port:
        yield port


@contextmanager
def _started(forwarder: Forwarder) -> Iterator[int]:
    with beside("forwarder") as run:
        try:
            yield run(forwarder.start())
        finally:
            run(forwarder.stop())


class Forwarder:
    """Copies bytes both ways for as long as both ends stay open."""

    def __init__(self, choice: Choice, source: str, addresses: Sequence[str], opening: Opening) -> None:
        self._choice, self._source, self._opening = choice, source, opening
        self._addresses = itertools.cycle(addresses)
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        """Listen; returns the port."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and cut the connections."""
        if self._server:
            self._server.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await self._forward(reader, writer)
        writer.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client: str = writer.get_extra_info("peername")[0]
        if not (begin := await reader.read(65536)):
            return
        far_reader, far_writer = await asyncio.open_connection(
            next(self._addresses), self._choice(begin), local_addr=(self._source, 0)
        )
        far_writer.write(self._opening(client, begin))
        there = asyncio.create_task(_copy(reader, far_writer))
        back = asyncio.create_task(_copy(far_reader, writer))
        try:
            await asyncio.wait((there, back), return_when=asyncio.FIRST_COMPLETED)
        finally:
            far_writer.close()
            for task in (there, back):
                task.cancel()
            await asyncio.gather(there, back, return_exceptions=True)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
