"""Tunnels of an asyncio server, in its event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from .answer import Answer, AnswerReader, BadAnswerError
from .tunnel import ANSWER_SECONDS, CONNECT_SECONDS, READ_BYTES, Kept, PeerGoneError, notice_loss, opened, opening


@dataclass
class Tunnel:
    """A connection, ready for a request."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def close(self) -> None:
        """Ends it at once, whatever is on its way."""
        self.writer.transport.abort()

    def usable(self) -> bool:
        """Whether the other side has not ended it."""
        return not (self.reader.at_eof() or self.writer.is_closing())


class AsyncTunnels:
    """For one event loop."""

    def __init__(self) -> None:
        self._kept: Kept[Tunnel] = Kept(Tunnel.close, Tunnel.usable)

    async def ask(
        self, host: str, port: int, endpoint: str, authorization: str, request: bytes, seconds: float, limit: int
    ) -> Answer:
        """Sends a request to another pod and returns what it answers; PeerGoneError if it does not within its time."""
        tunnel = self._kept.take(endpoint)
        if tunnel is None:
            tunnel = await self._open(host, port, endpoint, authorization)
        reader = AnswerReader(limit)
        try:
            answer = await asyncio.wait_for(_exchange(tunnel, request, reader), seconds)
        except (OSError, BadAnswerError, asyncio.TimeoutError) as error:
            tunnel.close()
            raise PeerGoneError(error or type(error).__name__) from error
        except BaseException:
            tunnel.close()
            raise
        if reader.kept:
            self._kept.keep(endpoint, tunnel)
        else:
            tunnel.close()
        return answer

    def drop(self, endpoint: str) -> None:
        """The pod is gone."""
        self._kept.drop(endpoint)

    async def _open(self, host: str, port: int, endpoint: str, authorization: str) -> Tunnel:
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(host, port), CONNECT_SECONDS)
        except (OSError, asyncio.TimeoutError) as error:
            raise PeerGoneError(error or type(error).__name__, at_once=True) from error
        tunnel = Tunnel(reader, writer)
        try:
            await asyncio.wait_for(_prove(tunnel, opening(endpoint, authorization)), ANSWER_SECONDS)
        except (OSError, BadAnswerError, asyncio.TimeoutError) as error:
            raise PeerGoneError(error or type(error).__name__) from error
        return tunnel


async def _prove(tunnel: Tunnel, request: bytes) -> None:
    try:
        notice_loss(tunnel.writer.get_extra_info("socket"))
        opened(await _exchange(tunnel, request, AnswerReader(READ_BYTES)))
    except BaseException:
        tunnel.close()
        raise


async def _exchange(tunnel: Tunnel, request: bytes, reader: AnswerReader) -> Answer:
    tunnel.writer.write(request)
    await tunnel.writer.drain()
    while True:
        answer = reader.feed(await tunnel.reader.read(READ_BYTES))
        if answer is not None:
            return answer
