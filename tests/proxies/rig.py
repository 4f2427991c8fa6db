"""One proxy in a network of its own, with pods that come and go: `python -m tests.proxies.rig PROGRAM AFFINITY FOLDER`.

It prints what was seen, as JSON, for the test to judge. The network is that of `unshare --net`, around it.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.proxy import HEALTH_PATH, HTTP_PORT, OWN_PORT
from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.proxies.container import Container
from tests.proxies.names import Names
from tests.unit.samples import cluster

PODS = [f"10.9.0.{number}" for number in (11, 12, 13)]
MORE = "10.9.0.14"
CLIENTS = 24
WEBSOCKETS = 8
LIMIT_SECONDS = 15.0
POLL_SECONDS = 8.0


class Rig:
    """The proxy, its pods and its clients. `seen`: what came of it."""

    def __init__(self, of: SocketIOCluster) -> None:
        self.of = of
        self.names = Names(of.spec.port)
        self.seen: dict[str, Any] = {}
        self.of_the_first: list[tuple[int, Mapping[str, str]]] = []

    @property
    def is_nginx(self) -> bool:
        proxy = self.of.spec.routing.managed_proxy
        return proxy is not None and proxy.type == "nginx"

    async def start_pods(self, addresses: list[str]) -> None:
        for address in addresses:
            app = web.Application(client_max_size=10_000_000)
            app.router.add_route("*", "/{path:.*}", _handler(address))
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            for port in (self.of.spec.port, self.of.spec.runtime.port):
                await web.TCPSite(runner, address, port).start()

    async def ask(self, number: int = 1, port: int = HTTP_PORT, **more: Any) -> tuple[int, Any, Mapping[str, str]]:
        """Status, JSON body and cookies of the answer to client `number`, which has an address of its own."""
        connector = aiohttp.TCPConnector(local_addr=(f"127.0.1.{number}", 0), force_close=True)
        cookies, path = more.pop("cookies", None), more.pop("path", "/socket.io/")
        async with aiohttp.ClientSession(connector=connector, cookies=cookies) as session:
            method = "POST" if "data" in more else "GET"
            async with session.request(method, f"http://127.0.0.1:{port}{path}", **more) as answer:
                body = await answer.json() if answer.content_type == "application/json" else None
                return answer.status, body, {name: morsel.value for name, morsel in answer.cookies.items()}

    async def spread(self) -> Counter[str]:
        """How many of the clients, each new, came to which pod; those without one by their status."""
        answers = {number: await self.ask(number) for number in range(1, CLIENTS + 1)}
        if not self.of_the_first:
            came = {
                number: cookies for number, (_, body, cookies) in answers.items() if body and body["pod"] == PODS[0]
            }
            self.of_the_first = list(came.items())
        return Counter(str(body["pod"] if body else status) for status, body, _ in answers.values())

    async def first_serves(self) -> bool:
        """Whether one of those who came to the first pod, or anybody new, comes there now."""
        answers = [await self.ask(number, cookies=cookies) for number, cookies in self.of_the_first]
        known = any(body and body["pod"] == PODS[0] for _, body, _ in answers)
        return known or PODS[0] in await self.spread()


def _handler(address: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() == "websocket":
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"{address} {message.data}")
            return socket
        body = await request.read()
        await asyncio.sleep(float(request.query.get("seconds", 0)))
        said = {name: request.headers.get(name) for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Host")}
        return web.json_response({"pod": address, "bytes": len(body), **said})

    return handle


async def seconds_until(condition: Callable[[], Awaitable[bool]]) -> float | None:
    """How long it takes; None if it takes too long."""
    begun = time.monotonic()
    while (lasted := time.monotonic() - begun) < LIMIT_SECONDS:
        try:
            if await condition():
                return round(lasted, 1)
        except aiohttp.ClientError:
            pass
        await asyncio.sleep(0.1)
    return None


async def begin(rig: Rig) -> None:
    """From no pod to three."""

    async def healthy() -> bool:
        return (await rig.ask(port=OWN_PORT, path=HEALTH_PATH))[0] == 200

    async def all_found() -> bool:
        return set(await rig.spread()) <= set(PODS)

    rig.seen["healthy"] = await seconds_until(healthy)
    rig.seen["without pods"] = (await rig.ask())[0]
    await rig.start_pods([*PODS, MORE])
    rig.names.addresses = list(PODS)
    rig.seen["found"] = await seconds_until(all_found)


async def requests(rig: Rig) -> None:
    """What a client gets, and what the pods are told of it."""
    rig.seen["spread"] = await rig.spread()
    _, first, cookies = await rig.ask()
    again = [await rig.ask(cookies=cookies) for _ in range(CLIENTS)]
    rig.seen["first"], rig.seen["again"] = first["pod"], Counter(body["pod"] for _, body, _ in again)
    forged = {"X-Forwarded-For": "9.9.9.9", "X-Forwarded-Proto": "https"}
    rig.seen["forged"] = (await rig.ask(headers=forged))[1]
    limit = rig.of.spec.engine.max_http_buffer_size
    rig.seen["largest"] = (await rig.ask(data=b"x" * (limit * 9 // 10)))[1]["bytes"]
    rig.seen["too large"] = (await rig.ask(data=b"x" * (limit + 1)))[0]


async def changes(rig: Rig) -> None:
    """A pod comes, one goes, and DNS is away, while WebSockets are open and a poll waits."""
    async with aiohttp.ClientSession() as session:
        open_ones = [await session.ws_connect(f"http://127.0.0.1:{HTTP_PORT}/socket.io/") for _ in range(WEBSOCKETS)]
        poll = asyncio.create_task(rig.ask(path=f"/socket.io/?seconds={POLL_SECONDS}"))
        await asyncio.sleep(0.2)

        async def more_there() -> bool:
            return MORE in await rig.spread()

        async def first_gone() -> bool:
            return not await rig.first_serves()

        rig.names.addresses.append(MORE)
        rig.seen["added"] = await seconds_until(more_there)
        rig.names.addresses.remove(PODS[0])
        rig.seen["removed"] = await seconds_until(first_gone)
        rig.names.away = True
        await asyncio.sleep(4)
        rig.seen["dns away"] = await rig.spread()
        rig.names.away, rig.names.addresses = False, []
        # nginx takes it for the truth, the others do not whenever they ask.
        await seconds_until(lambda: nobody_serves(rig)) if rig.is_nginx else await asyncio.sleep(3)
        rig.seen["no addresses"] = await rig.spread()
        rig.seen["poll"] = (await poll)[0]
        rig.seen["echoes"] = [await _echo(one) for one in open_ones]
        for one in open_ones:
            await one.close()


async def nobody_serves(rig: Rig) -> bool:
    """Whether every client is told that there is no pod."""
    return set(await rig.spread()) == {"502"}


async def _echo(socket: aiohttp.ClientWebSocketResponse) -> bool:
    try:
        await socket.send_str("x")
        return (await socket.receive_str(timeout=3)).endswith(" x")
    except (aiohttp.ClientError, TypeError, TimeoutError):
        return False


async def main(program: str, affinity: str, folder: Path) -> None:
    """Run it, and print what was seen."""
    for command in ("link set lo up", *(f"address add {address}/32 dev lo" for address in [*PODS, MORE])):
        subprocess.run(["ip", *command.split()], check=True)
    rig = Rig(
        cluster(
            routing={"host": "a.example", "router": "proxy", "affinity": affinity, "proxy": {"type": program}},
        )
    )
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: rig.names, ("127.0.0.1", 53))
    made = PROGRAMS[program]
    container = Container(made.name, folder, made.user)
    container.fill(made.configuration(rig.of), {})
    with container.running(*made.command, log=folder / "log"):
        await begin(rig)
        await requests(rig)
        await changes(rig)
    print(json.dumps(rig.seen))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
