"""Connects clients of python-socketio (5.3 or later) directly to the servers that a SocketIOCluster lists."""

import asyncio
import json
import random
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.request import Request, urlopen

from socketio.exceptions import ConnectionError as NotConnectedError

PATH = "/.well-known/socketio-servers"
ANSWER_SECONDS = 3


class Servers:
    """The servers listed at a URL; the last list stays when there is no answer, or an empty one."""

    def __init__(self, base: str) -> None:
        self.url = base.rstrip("/") + PATH
        self.tag = ""
        self.list: list[dict[str, Any]] = []
        self.picked = ""

    def ask(self) -> None:
        """304 raises an OSError too, and says nothing new either."""
        request = Request(self.url, headers={"If-None-Match": self.tag} if self.tag else {})
        try:
            with urlopen(request, timeout=ANSWER_SECONDS) as answer:
                servers = [one for one in json.load(answer)["servers"] if one["url"] and one["weight"] > 0]
                self.tag = answer.headers.get("ETag", "")
        except (OSError, HTTPException, ValueError, LookupError, TypeError):
            return
        self.list = servers or self.list

    def pick(self) -> str:
        """One at random by weight; the one before was lost, and is picked again only if there is no other."""
        others = [one for one in self.list if one["url"] != self.picked] or self.list
        if not others:
            raise NotConnectedError(f"no servers listed at {self.url}")
        self.picked = random.choices(others, [one["weight"] for one in others])[0]["url"]
        return str(self.picked)


def pauses(client: Any) -> Iterator[float]:
    """The client's own: seconds between its attempts to reconnect; without end if it has no most of them."""
    delay, left = client.reconnection_delay, client.reconnection_attempts or -1
    while client.reconnection and left != 0:
        yield max(0.0, delay + client.randomization_factor * random.uniform(-1, 1))
        delay, left = min(2 * delay, client.reconnection_delay_max), left - 1


def goes_on(client: Any) -> bool:
    """Whether another attempt may help: not where a server was reached and refused a namespace."""
    return not getattr(client, "failed_namespaces", ())


def connect(client: Any, base: str, **options: Any) -> None:
    """Connects a `socketio.Client`; `options` are those of its `connect`. Also at first it tries as it reconnects."""
    servers, waits = Servers(base), pauses(client)

    def url() -> str:
        servers.ask()
        return servers.pick()

    while not client.connected:
        try:
            client.connect(url, **options)
        except NotConnectedError:
            pause = next(waits, None)
            if pause is None or not goes_on(client):
                raise
            client.sleep(pause)


async def connect_async(client: Any, base: str, **options: Any) -> None:
    """Connects a `socketio.AsyncClient`, as `connect` does."""
    servers, waits = Servers(base), pauses(client)

    async def url() -> str:
        await asyncio.get_running_loop().run_in_executor(None, servers.ask)
        return servers.pick()

    while not client.connected:
        try:
            await client.connect(url, **options)
        except NotConnectedError:
            pause = next(waits, None)
            if pause is None or not goes_on(client):
                raise
            await client.sleep(pause)
