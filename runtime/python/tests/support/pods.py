"""Processes that take each other for pods, and a router that knows nothing of sessions."""

import asyncio
import contextlib
import itertools
import re
import threading
from collections.abc import Sequence
from pathlib import Path

from support.app import App

KEY = "the key of the cluster's sessions"
TOKEN = "a-token-that-must-not-be-logged"
ADDRESSES = ("127.0.0.2", "127.0.0.3", "127.0.0.4")
FORWARDED = 'socketio_runtime_forwarded_total{transport="polling",why="'


def pods(
    folder: Path,
    file: str,
    number: int = 3,
    environment: str = "newest",
    env: dict[str, str] | None = None,
    command: str | None = None,
) -> list[App]:
    """Ready ones, each at an address of its own."""
    (folder / "token").write_text(TOKEN)
    (folder / "key").write_text(KEY)
    started = [
        App(
            file,
            environment,
            {
                "SOCKETIO_RUNTIME_ADDRESS": address,
                "SOCKETIO_RUNTIME_PEERS": ",".join(ADDRESSES[:number]),
                "SOCKETIO_RUNTIME_SESSION_KEY_FILE": str(folder / "key"),
                "SOCKETIO_RUNTIME_TOKEN_FILE": str(folder / "token"),
                **(env or {}),
            },
            command,
            address=address,
        )
        for address in ADDRESSES[:number]
    ]
    return [pod.ready() for pod in started]


def forwarded(pod: App, why: str = "other-pod") -> int:
    """How many requests it passed on."""
    return next(int(line.split()[-1]) for line in pod.metrics() if line.startswith(f'{FORWARDED}{why}"'))


class Splitter:
    """A TCP proxy: one request for each connection, and each goes to the next pod in turn."""

    def __init__(self, targets: Sequence[App]) -> None:
        self.targets = list(targets)
        self._turns = itertools.count()
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
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if b"upgrade: websocket" not in head.lower():
                head = re.sub(rb"(?i)\r\nconnection:[^\r]*", b"", head)[:-2] + b"connection: close\r\n\r\n"
            target = self.targets[next(self._turns) % len(self.targets)]
            far_reader, far_writer = await asyncio.open_connection(target.address, target.port)
            if not self._server.is_serving():
                far_writer.close()
            far_writer.write(head)
            await asyncio.gather(self._pipe(reader, far_writer), self._pipe(far_reader, writer))
        writer.close()

    async def _pipe(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()
        self._writers.discard(writer)
