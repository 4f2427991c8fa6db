"""One bounded conversation with one host: every byte is counted, and closing waits for nobody."""

import asyncio
import functools
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import NoReturn, TypeVar

from socketio_operator.controller.brokers import names
from socketio_operator.controller.brokers.limits import AnsweredError, Limits
from socketio_operator.desired.broker_url import BrokerAddress
from socketio_operator.plan.broker import BrokerAnswer

T = TypeVar("T")
# Of a URL.
MOST_HOSTS = 5
# For each address of a host but the last.
CONNECT_SECONDS = 0.5
_CHUNK = 4096
# What the kernel takes in unread: without a bound it grows to megabytes.
_RECEIVE_BUFFER = 16 * 1024
# The most telling first.
_RANK = (
    BrokerAnswer.WELL,
    BrokerAnswer.REFUSED,
    BrokerAnswer.NOT_ALLOWED,
    BrokerAnswer.UNASKED,
    BrokerAnswer.FOREIGN,
    BrokerAnswer.SILENT,
)


class Wire:
    """A connection that reads exact sizes or lines. Raises AnsweredError at a bound or when the peer is gone."""

    def __init__(self, connection: socket.socket, host: str, limits: Limits) -> None:
        self._connection = connection
        self._host = host
        self.limits = limits
        self._left = limits.total_bytes
        self._buffer = bytearray()
        self._tls: ssl.SSLObject | None = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()

    async def start_tls(self, verified: bool) -> None:
        """Shakes hands; with `verified` for a certificate of this host by an authority of the system's."""
        if self._buffer:  # sent in clear by somebody in between, to be taken for the server's
            raise AnsweredError(BrokerAnswer.FOREIGN)
        context = tls_context(verified)
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=self._host)
        await self._drive(tls.do_handshake)
        self._tls = tls

    async def read(self, size: int) -> bytes:
        """Exactly `size` bytes."""
        if size > self.limits.message_bytes:
            raise AnsweredError(BrokerAnswer.FOREIGN)
        while len(self._buffer) < size:
            await self._fill()
        return self._take(size)

    async def line(self) -> bytes:
        """Up to CR LF, without them."""
        while (end := self._buffer.find(b"\r\n")) < 0:
            if len(self._buffer) > self.limits.message_bytes:
                raise AnsweredError(BrokerAnswer.FOREIGN)
            await self._fill()
        return self._take(end + 2)[:-2]

    async def write(self, data: bytes) -> None:
        """Sends all of it."""
        loop = asyncio.get_running_loop()
        if self._tls is None:
            await loop.sock_sendall(self._connection, data)
        else:
            self._tls.write(data)
            await loop.sock_sendall(self._connection, self._outgoing.read())

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    async def _fill(self) -> None:
        if self._tls is None:
            self._buffer += await self._receive()
        else:
            tls = self._tls
            self._buffer += await self._drive(lambda: tls.read(_CHUNK)) or self._end()

    async def _drive(self, step: Callable[[], T]) -> T:
        """Repeats a step of TLS until it has the bytes that it needs."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                done = step()
            except ssl.SSLWantReadError:
                await loop.sock_sendall(self._connection, self._outgoing.read())
                self._incoming.write(await self._receive())
            except ssl.SSLZeroReturnError:
                self._end()
            else:
                await loop.sock_sendall(self._connection, self._outgoing.read())
                return done

    async def _receive(self) -> bytes:
        if self._left <= 0:
            raise AnsweredError(BrokerAnswer.FOREIGN)
        data = await asyncio.get_running_loop().sock_recv(self._connection, min(_CHUNK, self._left))
        self._left -= len(data)
        return data or self._end()

    def _end(self) -> NoReturn:
        # half a message is not silence
        raise AnsweredError(BrokerAnswer.FOREIGN if self._buffer else BrokerAnswer.SILENT)


Talk = Callable[[Wire, BrokerAddress], Awaitable[BrokerAnswer]]


async def ask_hosts(
    address: BrokerAddress, talk: Talk, limits: Limits, deadline: float, namespace: str | None
) -> BrokerAnswer:
    """Asks up to five hosts at once; WELL as soon as one says so, else the most telling answer.

    `deadline` is a time of the event loop. Names are those of pods in `namespace`.
    """
    tasks = [
        asyncio.create_task(_ask_host(address, host, port, talk, limits, deadline, namespace))
        for host, port in address.hosts[:MOST_HOSTS]
    ]
    told = set()
    try:
        for task in asyncio.as_completed(tasks):
            told.add(await task)
            if BrokerAnswer.WELL in told:
                break
    finally:
        for running in tasks:
            running.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return most_telling(*told)


def most_telling(*answers: BrokerAnswer) -> BrokerAnswer:
    """The one that tells a person most: of a host that is well, else of one that could say what is wrong."""
    return min(answers, key=_RANK.index)


async def _ask_host(
    address: BrokerAddress,
    host: str,
    port: int,
    talk: Talk,
    limits: Limits,
    deadline: float,
    namespace: str | None,
) -> BrokerAnswer:
    try:
        async with asyncio.timeout_at(deadline), _connected(host, port, limits, namespace) as wire:
            return await talk(wire, address)
    except AnsweredError as over:
        return over.answer
    except ssl.SSLCertVerificationError:
        return BrokerAnswer.UNASKED
    except ssl.SSLError:
        return BrokerAnswer.FOREIGN
    except (OSError, TimeoutError):
        return BrokerAnswer.SILENT


@asynccontextmanager
async def _connected(host: str, port: int, limits: Limits, namespace: str | None) -> AsyncIterator[Wire]:
    connection = await _connect(await names.addresses(host, namespace), port)
    try:
        yield Wire(connection, host, limits)
    finally:
        connection.close()


async def _connect(addresses: tuple[str, ...], port: int) -> socket.socket:
    for literal in addresses[:-1]:
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                return await _connect_to(literal, port)
        except OSError:  # a TimeoutError is one
            continue
    return await _connect_to(addresses[-1], port)


async def _connect_to(literal: str, port: int) -> socket.socket:
    family = socket.AF_INET if ipaddress.ip_address(literal).version == 4 else socket.AF_INET6
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        await asyncio.get_running_loop().sock_connect(connection, (literal, port))
    except BaseException:
        connection.close()
        raise
    return connection


@functools.cache
def tls_context(verified: bool) -> ssl.SSLContext:
    """TLS 1.2 and later; with `verified` against the system's authorities. Made once, as it reads all of them."""
    context = ssl.create_default_context() if verified else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not verified:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without DHE: its group, and so the time to compute, is the server's choice.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES")
    return context
