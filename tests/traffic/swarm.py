"""Many clients at once, each from a source address of its own, and what they saw."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from tests.traffic.engineio import Mode, RawClient
from tests.traffic.packets import Event
from tests.traffic.wire import SessionLostError, Target

ROUND_TRIPS = 3  # acknowledged events by polling: each takes a POST and a poll, so at least two connections
AT_ONCE = 20  # clients that connect at the same time


def source_addresses(count: int, networks: int = 6) -> list[str]:
    """Loopback addresses 127.0.1.1, 127.0.2.1, ... spread evenly over this many /24 networks."""
    return [f"127.0.{1 + index % networks}.{1 + index // networks}" for index in range(count)]


@dataclass(frozen=True)
class ClientResult:
    """What one client saw.

    `sticky`: every request and the upgrade reached the pod that owns the session.
    `heard`: the pods through which messages came to it, sorted.
    """

    source: str
    pod: str
    node: str
    transport: str
    sticky: bool
    polls: int
    heard: tuple[str, ...]
    fault: str


@dataclass(frozen=True)
class SwarmResult:
    """What all clients saw."""

    clients: tuple[ClientResult, ...]

    @property
    def sticky(self) -> int:
        """How many sessions survived."""
        return sum(client.sticky for client in self.clients)

    @property
    def pods(self) -> Counter[str]:
        """Surviving sessions by pod."""
        return Counter(client.pod for client in self.clients if client.sticky)

    @property
    def nodes(self) -> Counter[str]:
        """Surviving sessions by node."""
        return Counter(client.node for client in self.clients if client.sticky)

    @property
    def faults(self) -> Counter[str]:
        """Why the others did not survive."""
        return Counter(client.fault for client in self.clients if not client.sticky)


@dataclass(frozen=True)
class Broadcast:
    """One message sent through `pod`, and how many clients of each pod got it."""

    pod: str
    received: tuple[tuple[str, int], ...]
    expected: tuple[tuple[str, int], ...]

    @property
    def reached_all(self) -> bool:
        return self.received == self.expected

    @property
    def pods_reached(self) -> tuple[str, ...]:
        """The pods whose clients all got it."""
        expected = dict(self.expected)
        return tuple(pod for pod, count in self.received if count == expected[pod])


class Swarm:
    """Clients of one target; use as `async with Swarm(...) as swarm`, which connects them all."""

    def __init__(
        self, target: Target, sources: Sequence[str], mode: Mode = "upgrade", keeps_cookies: bool = False
    ) -> None:
        self.clients = [RawClient(target, source, mode, keeps_cookies) for source in sources]
        self._homes: dict[RawClient, tuple[str, str]] = {}
        self._strayed: set[RawClient] = set()

    async def __aenter__(self) -> Self:
        gate = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(*(self._open(client, gate) for client in self.clients))
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*(client.close() for client in self.clients))

    def result(self) -> SwarmResult:
        """What is true now: a session cut since it was opened counts as lost."""
        return SwarmResult(tuple(self._result_of(client) for client in self.clients))

    async def broadcast_matrix(self, timeout: float = 5.0) -> tuple[Broadcast, ...]:
        """Send one message through each pod; count by pod the clients that get it in `timeout` seconds."""
        alive = [client for client in self.clients if client.alive and client in self._homes]
        senders = {self._homes[client][0]: client for client in reversed(alive)}
        rows = (self._broadcast(pod, senders[pod], alive, timeout) for pod in sorted(senders))
        return tuple(await asyncio.gather(*rows))

    async def wait_pings(self, count: int, timeout: float) -> None:
        """Let all clients idle until each was pinged that often by its server, or lost its session."""
        waits = (client.wait_pings(count, timeout) for client in self.clients)
        for outcome in await asyncio.gather(*waits, return_exceptions=True):
            if isinstance(outcome, BaseException) and not isinstance(outcome, SessionLostError):
                raise outcome

    async def _open(self, client: RawClient, gate: asyncio.Semaphore) -> None:
        async with gate:
            try:
                if await client.connect():
                    welcome = (await client.wait_event(lambda event: event.name == "welcome", 10)).args[0]
                    self._homes[client] = (str(welcome["pod"]), str(welcome["node"]))
                    await self._exercise(client)
            except (SessionLostError, TimeoutError):
                pass  # the client keeps its fault; a client without an answer has no home or has strayed
            else:
                return
            self._strayed.add(client)

    async def _exercise(self, client: RawClient) -> None:
        for _ in range(ROUND_TRIPS):
            await self._whoami(client)
        if client.mode == "upgrade" and await client.upgrade():
            await self._whoami(client)

    async def _whoami(self, client: RawClient) -> None:
        answer = (await client.emit("whoami"))[0]
        if answer["pod"] != self._homes[client][0]:
            self._strayed.add(client)

    async def _broadcast(self, pod: str, sender: RawClient, alive: Sequence[RawClient], timeout: float) -> Broadcast:
        text = uuid.uuid4().hex
        (answer,) = await sender.emit("message", {"text": text, "from": "swarm"})
        if answer != {"pod": pod}:
            raise RuntimeError(f"{pod} was asked to send a message and answered {answer}")

        def is_it(event: Event) -> bool:
            return event.name == "message" and event.args[0]["text"] == text and event.args[0]["pod"] == pod

        async def got_it(client: RawClient) -> bool:
            try:
                await client.wait_event(is_it, timeout)
            except (SessionLostError, TimeoutError):
                return False
            return True

        got = await asyncio.gather(*map(got_it, alive))
        homes = [self._homes[client][0] for client in alive]
        received = Counter(home for home, arrived in zip(homes, got, strict=True) if arrived)
        pods = sorted(set(homes))
        return Broadcast(
            pod,
            received=tuple((home, received[home]) for home in pods),
            expected=tuple((home, homes.count(home)) for home in pods),
        )

    def _result_of(self, client: RawClient) -> ClientResult:
        pod, node = self._homes.get(client, ("", ""))
        in_place = client.mode == "polling" or client.transport == "websocket"
        fault = client.fault
        return ClientResult(
            source=client.source,
            pod=pod,
            node=node,
            transport=client.transport,
            sticky=client.alive and in_place and client not in self._strayed,
            polls=client.polls,
            heard=tuple(sorted({event.args[0]["pod"] for event in client.events if event.name == "message"})),
            fault=str(fault) if fault else "",
        )
