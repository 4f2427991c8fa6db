"""The side port of all pods at once: answers as the runtime does, and counts who asks.

It listens on all addresses of the machine, of which the pods' range is a part while the fleet stands. A line on its
standard input is answered by its counts.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

# As side-port.js: an idle connection is closed after this time.
KEEP_ALIVE_SECONDS = 120
BACKLOG = 4096
STATUS = {
    "runtime": "0.1.0",
    "node": "20.20.0",
    "pid": 1,
    "ready": True,
    "draining": False,
    "connections": 40,
    "adapterAsked": "redis",
    "servers": [
        {
            "socketio": "4.8.1",
            "adapter": {"owner": "runtime", "name": "RedisAdapter", "connected": True, "subscribed": True},
            "recovery": False,
            "appOptions": [],
            "listening": True,
            "connections": 40,
        }
    ],
}


class Counts:
    """What was seen since the start. `open`: connections now."""

    def __init__(self) -> None:
        self.connections = 0
        self.requests = 0
        self.open = 0

    def text(self) -> str:
        """As JSON."""
        return json.dumps({"connections": self.connections, "requests": self.requests, "open": self.open})


class SidePort(asyncio.Protocol):
    """One connection, kept until it has been idle for too long or the other side asks for its end."""

    def __init__(self, counts: Counts, keep_alive: float) -> None:
        self._counts, self._keep_alive = counts, keep_alive
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts the connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._counts.connections += 1
        self._counts.open += 1
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Counts its end."""
        self._counts.open -= 1
        if self._end:
            self._end.cancel()

    def data_received(self, data: bytes) -> None:
        """Answers each whole request; requests without a body only."""
        self._received += data
        while b"\r\n\r\n" in self._received:
            head, _, self._received = self._received.partition(b"\r\n\r\n")
            self._answer(head)

    def _answer(self, head: bytes) -> None:
        assert self._transport is not None
        self._counts.requests += 1
        found = head.split(b" ", 2)[1].split(b"?")[0] == b"/status"
        content = f"{json.dumps(STATUS if found else {'error': 'NotFound'}, separators=(',', ':'))}\n".encode()
        keep = found and b"\r\nconnection: close" not in head.lower()
        connection = f"keep-alive\r\nkeep-alive: timeout={self._keep_alive:.0f}" if keep else "close"
        answer = (
            f"HTTP/1.1 {'200 OK' if found else '404 Not Found'}\r\ncontent-type: application/json\r\n"
            f"content-length: {len(content)}\r\ncache-control: no-store\r\nconnection: {connection}\r\n\r\n"
        )
        self._transport.write(answer.encode() + content)
        if keep:
            self._wait()
        else:
            self._transport.close()

    def _wait(self) -> None:
        assert self._transport is not None
        if self._end:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._keep_alive, self._transport.close)


async def _run(port: int, keep_alive: float) -> None:
    loop, counts = asyncio.get_running_loop(), Counts()
    server = await loop.create_server(lambda: SidePort(counts, keep_alive), "0.0.0.0", port, backlog=BACKLOG)
    asked = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(asked), sys.stdin)
    print("ready", flush=True)
    async with server:
        while await asked.readline():
            print(counts.text(), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--keep-alive", type=float, default=KEEP_ALIVE_SECONDS, help="seconds")
    args = parser.parse_args()
    asyncio.run(_run(args.port, args.keep_alive))


if __name__ == "__main__":
    main()
