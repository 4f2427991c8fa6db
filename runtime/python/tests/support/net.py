"""Loopback sockets: free ports, a redis-server, a switch between servers."""

import asyncio
import contextlib
import os
import random
import re
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable

from support.until import until

# of the processes that run the tests side by side, each has ports of its own
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
WORKERS = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
given: set[int] = set()


def free_port(address: str = "127.0.0.1") -> int:
    """A port that was free a moment ago and is given once only, none of those that outgoing connections get."""
    while True:
        port = random.randrange(10_000 + WORKER, 32_000, WORKERS)
        if port not in given:
            with contextlib.suppress(OSError), socket.create_server((address, port)):
                given.add(port)
                return port


def accepts(port: int, address: str = "127.0.0.1") -> bool:
    """Whether somebody listens."""
    with contextlib.suppress(OSError), socket.create_connection((address, port), timeout=1):
        return True
    return False


class RedisServer:
    """A redis-server without persistence."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"redis://:secret@127.0.0.1:{self.port}"
        self.start()

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--requirepass", "secret"]
        command = ["redis-server", *options, "--dir", tempfile.gettempdir()]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until("redis-server", lambda: accepts(self.port))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Proxy:
    """A TCP proxy in a thread of its own; `_join` says where a connection goes."""

    def __init__(self) -> None:
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        starting = asyncio.start_server(self._join, "127.0.0.1", 0, backlog=500)
        self._server = asyncio.run_coroutine_threadsafe(starting, self._loop).result()
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _end(self) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        raise NotImplementedError

    async def _pipe(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Callable[[bytes], None] = lambda _: None
    ) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                seen(data)
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)


class Switch(Proxy):
    """Its target can be changed: new sessions go to the new one, requests of a session to its own."""

    def __init__(self, target: int) -> None:
        self.target = target
        self._sessions: dict[bytes, int] = {}
        super().__init__()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            # one request for each connection: the next one may belong to another session
            head = (await reader.readuntil(b"\r\n\r\n")).replace(b"Connection: keep-alive", b"Connection: close")
            session = re.search(rb"[?&]sid=([^& ]+)", head)
            target = self._sessions.get(session[1], self.target) if session else self.target
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
            far_writer.write(head)

            def note(data: bytes) -> None:
                self._sessions |= dict.fromkeys(re.findall(rb'"sid":"([^"]+)"', data), target)

            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer, note))
        writer.close()


class Cable(Proxy):
    """A way to a server of this machine. While it is cut nothing passes, and nobody is told."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._whole = asyncio.Event()
        self._whole.set()
        super().__init__()
        self.port = int(self.url.rpartition(":")[2])

    def cut(self) -> None:
        self._loop.call_soon_threadsafe(self._whole.clear)

    def mend(self) -> None:
        self._loop.call_soon_threadsafe(self._whole.set)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                await self._whole.wait()
                writer.write(data)
                await writer.drain()
        await self._whole.wait()
        writer.close()
        self._writers.discard(writer)
