"""Servers of the runtime for Node.js that a list tells clients of, and clients that find them by it."""

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import socketio  # type: ignore[import-untyped]

from support.until import until

TESTS = Path(__file__).resolve().parent.parent
sys.path.append(str(TESTS.parents[2] / "clients" / "discovery" / "python"))
from socketio_discovery import connect, connect_async  # noqa: E402

ADDRESSES = ("127.0.0.3", "127.0.0.4", "127.0.0.5")


class Listed:
    """The process that holds the servers."""

    def __init__(self, *addresses: str) -> None:
        command = ["node", str(TESTS / "clients" / "listed.cjs"), ",".join(addresses or ADDRESSES)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.base, self.side_port = self._answer().split()

    def act(self, what: str, address: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{what} {address}\n")
        self.process.stdin.flush()
        assert self._answer() == "done"

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def stop(self) -> None:
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(15)


class Clients:
    """Clients of one kind: `kind` is socketio.Client, each with threads of its own, or AsyncClient, all on one loop."""

    def __init__(self, kind: Any, transports: list[str]) -> None:
        self.kind, self.transports = kind, transports
        self.all: list[Any] = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def join(self, base: str, count: int) -> list[threading.Thread]:
        """The threads that connect them."""
        clients = [self.kind() for _ in range(count)]
        self.all += clients
        threads = [threading.Thread(target=self._connect, args=(client, base), daemon=True) for client in clients]
        for thread in threads:
            thread.start()
        return threads

    def _connect(self, client: Any, base: str) -> None:
        options = {"transports": self.transports, "wait_timeout": 5}
        if self.kind is socketio.Client:
            connect(client, base, **options)
        else:
            asyncio.run_coroutine_threadsafe(connect_async(client, base, **options), self.loop).result()

    def spread(self) -> dict[str, int]:
        """Connected clients by address."""
        counts = dict.fromkeys(ADDRESSES, 0)
        for client in self.all:
            if client.connected:
                counts[str(urlsplit(client.eio.base_url).hostname)] += 1
        return counts

    def settle(self, *left: str) -> None:
        """Waits until all are connected, none of them at these servers."""
        until("all clients at other servers", lambda: self._settled(left) or self.spread())

    def _settled(self, left: tuple[str, ...]) -> bool:
        spread = self.spread()
        return sum(spread.values()) == len(self.all) and all(spread[address] == 0 for address in left)

    def stop(self) -> None:
        for client in self.all:
            client.reconnection = False
        if self.kind is socketio.Client:
            for client in self.all:
                client.shutdown()
        else:
            asyncio.run_coroutine_threadsafe(self._end(), self.loop).result(15)
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _end(self) -> None:
        await asyncio.gather(*(client.shutdown() for client in self.all))
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
