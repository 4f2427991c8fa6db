"""Processes that take each other for pods, and a router that knows nothing of sessions."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from support.app import App
from support.net import Proxy

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


class Splitter(Proxy):
    """One request for each connection, and each goes to the next pod in turn."""

    def __init__(self, targets: Sequence[App]) -> None:
        self.targets = list(targets)
        self._turns = itertools.count()
        super().__init__()

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
