"""Ways from the clients of a test to the pods of a cluster, and when they lead there."""

from __future__ import annotations

import asyncio
import contextlib
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from urllib.request import urlopen

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.traffic.engineio import RawClient
from tests.traffic.forwarder import Opening, as_it_is, forwarding
from tests.traffic.wire import Target

RUNTIME_PORT = 9400
FORWARDED = "socketio_runtime_forwarded_total"
CONNECTS = re.compile(r"^socket_io_connect_total\{.*\} (\d+)", re.MULTILINE)
# Of so many by their addresses, or at random, hardly ever all leave out one of a few pods.
PROBES = 24
# Proxies that even requests out, also those that a cookie leads, rather than sessions.
EVENING_OUT = frozenset({"httpd"})


class Route(Protocol):
    """What takes clients to pods."""

    def target(self, host: str) -> Target:
        """Where clients of this host connect to."""

    def wait_routed(self, host: str, servers: Set[str]) -> None:
        """Wait until requests for this host go to exactly these addresses of pods. Raises TimeoutError."""


@dataclass(frozen=True)
class NodePorts:
    """A Service of type NodePort: clients reach it at all nodes in turn, `sources` are addresses they may have.

    With a `balancer`, an address of this machine, only what comes from there with this `opening` is served.
    `evens_out`: new sessions go first to a pod that has served fewer requests than the others, so not to all of them.
    """

    kubectl: Kubectl
    service: str
    sources: Sequence[str]
    balancer: str = ""
    opening: Opening = as_it_is
    evens_out: bool = False

    def target(self, host: str) -> Target:
        """The nodes' addresses, and the port of the Service's first one."""
        nodes = self.kubectl.json("get", "nodes")["items"]
        found = [item["address"] for node in nodes for item in node["status"]["addresses"]]
        addresses = tuple(address for address in found if re.fullmatch(r"[0-9.]+", address))
        port = self.kubectl.json("get", "service", self.service)["spec"]["ports"][0]["nodePort"]
        return Target(port, host, addresses=addresses)

    def wait_routed(self, host: str, servers: Set[str]) -> None:
        """By sessions that are opened through each node, and by the pods that count them."""
        target = self.target(host)
        for address in target.addresses:
            with self.entrance(Target(target.port, host, addresses=(address,))) as one:
                wait_reached(one, servers, self.sources, all_of_them=not self.evens_out)

    @contextmanager
    def entrance(self, target: Target) -> Iterator[Target]:
        """Where clients come in, for as long as the block runs: the target, or the balancer in front of it."""
        if not self.balancer:
            yield target
            return
        with forwarding(target.port, self.balancer, target.addresses, self.opening) as port:
            yield Target(port, target.host)


@dataclass(frozen=True)
class ClusterIp:
    """A Service at its cluster IP, which this machine reaches through a node; `sources` as for `NodePorts`."""

    kubectl: Kubectl
    service: str
    sources: Sequence[str]

    def target(self, host: str) -> Target:
        """The cluster IP, and the Service's first port."""
        spec = self.kubectl.json("get", "service", self.service)["spec"]
        return Target(spec["ports"][0]["port"], host, addresses=(spec["clusterIP"],))

    def wait_routed(self, host: str, servers: Set[str]) -> None:
        """By sessions that are opened, and by the pods that count them."""
        wait_reached(self.target(host), servers, self.sources)


def wait_reached(target: Target, servers: Set[str], sources: Sequence[str], all_of_them: bool = True) -> None:
    """Wait until sessions from these addresses come to these pods and no others. Raises TimeoutError."""
    reached = partial(_reaches, target, servers, sources[:PROBES], all_of_them)
    wait_for(reached, 60, f"{target.addresses} to route {target.host} to exactly {sorted(servers)}")


def _reaches(target: Target, servers: Set[str], sources: Sequence[str], all_of_them: bool) -> bool:
    before = {address: connects(address) for address in servers}
    opened = asyncio.run(_open_and_close(target, sources))
    counted = [connects(address) - count for address, count in before.items()]
    return opened == PROBES == sum(counted) and (all(counted) or not all_of_them)


def connects(address: str) -> int:
    """How many sockets have connected to a pod."""
    with urlopen(f"http://{address}:{RUNTIME_PORT}/metrics", timeout=5) as answer:
        return sum(map(int, CONNECTS.findall(answer.read().decode())))


def forwarded(addresses: Iterable[str]) -> Counter[str]:
    """What these pods have passed on to others since they started, by transport and reason."""
    found: Counter[str] = Counter()
    for address in addresses:
        with urlopen(f"http://{address}:{RUNTIME_PORT}/metrics", timeout=5) as answer:
            for line in answer.read().decode().splitlines():
                if line.startswith(FORWARDED):
                    labels, _, count = line.removeprefix(FORWARDED).rpartition(" ")
                    found[labels] += int(count)
    return found


async def _open_and_close(target: Target, sources: Sequence[str]) -> int:
    clients = [RawClient(target, source, "websocket") for source in sources]
    opened = await asyncio.gather(*(client.connect() for client in clients))
    await asyncio.gather(*(client.close() for client in clients))
    return sum(opened)


@contextmanager
def routed_addresses(count: int, networks: int = 6) -> Iterator[list[str]]:
    """Addresses of this machine that nodes of the test clusters know the way back to, spread over /24 networks.

    They are there for as long as the block runs. Loopback's own addresses never leave the machine.
    """
    addresses = [f"10.250.{1 + index % networks}.{1 + index // networks}" for index in range(count)]
    with added_addresses(addresses):
        yield addresses


@contextmanager
def added_addresses(addresses: Sequence[str]) -> Iterator[None]:
    """This machine has these addresses for as long as the block runs."""
    try:
        _ip_of_loopback("replace", addresses)
        yield
    finally:
        with contextlib.suppress(subprocess.CalledProcessError):
            _ip_of_loopback("delete", addresses)


def _ip_of_loopback(verb: str, addresses: Sequence[str]) -> None:
    lines = "".join(f"address {verb} {address}/32 dev lo\n" for address in addresses)
    subprocess.run(["ip", "-batch", "-"], input=lines, text=True, check=True, capture_output=True)
