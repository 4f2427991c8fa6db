"""The two transports of Engine.IO v4, one request or frame at a time."""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, Protocol
from weakref import WeakSet

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from tests.traffic.packets import split_payload

Stage = Literal["handshake", "poll", "post", "upgrade", "websocket", "namespace"]

REQUEST_SECONDS = 10.0  # for every request that the server answers at once


@dataclass(frozen=True)
class Target:
    """Where clients connect to: a port, and the Host header that the router sees there.

    Of several `addresses` each connection takes the next one.
    """

    port: int
    host: str
    path: str = "/socket.io/"
    addresses: tuple[str, ...] = ("127.0.0.1",)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}{self.path}"


class Addresses(AbstractResolver):
    """What the host's name means to one client: the next address at each connection."""

    def __init__(self, target: Target) -> None:
        self._turns = itertools.cycle(target.addresses)

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=next(self._turns), port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""


class Connections(aiohttp.TCPConnector):
    """A new connection for each request, from one address."""

    def __init__(self, target: Target, source: str) -> None:
        super().__init__(local_addr=(source, 0), force_close=True, resolver=Addresses(target), use_dns_cache=False)
        self._transports: WeakSet[asyncio.BaseTransport] = WeakSet()

    async def connect(
        self, req: aiohttp.ClientRequest, traces: list[Trace], timeout: aiohttp.ClientTimeout
    ) -> Connection:
        """As aiohttp does, which forgets a connection as soon as it has the answer."""
        connection = await super().connect(req, traces, timeout)
        if connection.transport is not None:
            self._transports.add(connection.transport)
        return connection

    def abort(self) -> None:
        """Drops what is not sent yet: a server that has refused a request may never read it."""
        for transport in self._transports:
            if isinstance(transport, asyncio.WriteTransport):
                transport.abort()


@dataclass(frozen=True)
class Fault:
    """Why a session ended or never began; `status` is the HTTP status or WebSocket close code, if any."""

    stage: Stage
    status: int | None
    detail: str

    def __str__(self) -> str:
        return f"{self.stage}: {self.status or 'no answer'} {self.detail}".rstrip()


class SessionLostError(Exception):
    """The session is gone; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def lost(stage: Stage, status: int | None, detail: str) -> SessionLostError:
    """The error to raise when this stage failed."""
    return SessionLostError(Fault(stage, status, detail))


class Wire(Protocol):
    """A transport: sends one packet, receives some."""

    name: str

    async def send(self, packet: str) -> None: ...
    async def receive(self) -> list[str]: ...
    async def close(self) -> None: ...


class PollingWire:
    """HTTP long-polling; the session decides whether each request gets a new connection."""

    name = "polling"

    def __init__(self, http: aiohttp.ClientSession, target: Target) -> None:
        self._http, self._target = http, target
        self._posting = asyncio.Lock()  # Engine.IO ends a session whose requests overlap
        self.sid: str | None = None
        self.poll_seconds = REQUEST_SECONDS
        self.polls = 0
        self.posts = 0

    async def handshake(self) -> list[str]:
        """The first request, which opens the session: the OPEN packet, perhaps more."""
        return split_payload(await self._request("GET", "handshake", REQUEST_SECONDS))

    async def send(self, packet: str) -> None:
        async with self._posting:
            await self._request("POST", "post", REQUEST_SECONDS, packet)
            self.posts += 1

    async def receive(self) -> list[str]:
        packets = split_payload(await self._request("GET", "poll", self.poll_seconds))
        self.polls += 1
        return packets

    async def close(self) -> None:
        """Nothing stays open between two requests."""

    async def _request(self, method: str, stage: Stage, seconds: float, body: str | None = None) -> str:
        try:
            async with self._http.request(
                method,
                self._target.url,
                params=query(self.name, self.sid),
                data=body,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as response:
                text = await response.text()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise lost(stage, None, repr(error)) from error
        if response.status != 200:
            raise lost(stage, response.status, text[:200])
        return text


class WebSocketWire:
    """A WebSocket, from the first packet on or as the upgrade of a polling session."""

    name = "websocket"

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket

    @classmethod
    async def dial(cls, http: aiohttp.ClientSession, target: Target, sid: str | None, stage: Stage) -> WebSocketWire:
        """Open the WebSocket; with a sid, for the session that polls."""
        async with _faults_of(stage), asyncio.timeout(REQUEST_SECONDS):
            return cls(await http.ws_connect(target.url, params=query(cls.name, sid)))

    async def send(self, packet: str) -> None:
        async with _faults_of("websocket"):
            await self._socket.send_str(packet)

    async def receive(self) -> list[str]:
        frame = await self._socket.receive()
        if frame.type is not aiohttp.WSMsgType.TEXT:
            raise lost("websocket", self._socket.close_code, f"{frame.type.name} {frame.extra or ''}")
        return [str(frame.data)]

    async def close(self) -> None:
        await self._socket.close()


@asynccontextmanager
async def _faults_of(stage: Stage) -> AsyncIterator[None]:
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise lost(stage, error.status, error.message) from error
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise lost(stage, None, repr(error)) from error


def query(transport: str, sid: str | None) -> dict[str, str]:
    """The query of every Engine.IO request."""
    return {"EIO": "4", "transport": transport} | ({"sid": sid} if sid else {})
