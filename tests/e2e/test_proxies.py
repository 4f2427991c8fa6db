"""The proxies that the operator runs: 60 clients from 60 addresses, connections through its pods in turn."""

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.kubectl import Kubectl
from tests.e2e.test_traffic import MODES, NO_FORWARDING, PINGS, idle
from tests.traffic.chat_cluster import PROXIED, ChatCluster, deploy_chat
from tests.traffic.engineio import Mode, RawClient
from tests.traffic.forwarder import by_header, by_proxy_protocol, forwarding
from tests.traffic.route import EVENING_OUT, NodePorts, added_addresses, forwarded
from tests.traffic.swarm import Swarm, SwarmResult
from tests.traffic.wire import Fault, SessionLostError, Target

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "probed")]

CLIENTS = 60
LONG = pytest.mark.long
# The app pings more seldom than the operator was told.
SOON = {"pingInterval": 2000, "pingTimeout": 2000}
LATE = {"name": "SOCKETIO_PING_INTERVAL", "value": "15000"}
# Of each program what is named here; the rest is for `make test-long`.
USUAL = {"haproxy": ("clientip", "cookie", "none", "forwardedfor", "control", "impatient"), "nginx": ("cookie",)}


@dataclass(frozen=True)
class Setup:
    """A chat behind two pods of a proxy, one on each node; `settings` of its spec as for `manifest`."""

    program: str
    name: str
    settings: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.program}-{self.name}"


# Nothing is forwarded where the proxy is to find the pod: that would hide a mistake.
STICKY = {
    "clientip": {"affinity": "clientIP", "env": [NO_FORWARDING]},
    "cookie": {"affinity": "cookie", "env": [NO_FORWARDING]},
}
FORWARDING = {"none": {"affinity": "none", "engine": PINGS}}
# A load balancer in front of the proxy has this address.
BALANCER = "10.250.9.9"
BEHIND = {
    name.lower(): {
        "affinity": "clientIP",
        "env": [NO_FORWARDING],
        "routing": {"clientAddress": name, "trustedProxies": [f"{BALANCER}/32"]},
    }
    for name in ("forwardedFor", "proxyProtocol")
}
OPENINGS = {"forwardedfor": by_header, "proxyprotocol": by_proxy_protocol}
UNFORWARDED = {"control": {"affinity": "none", "env": [NO_FORWARDING]}}
IMPATIENT = {
    "impatient": {"affinity": "none", "engine": SOON, "env": [LATE], "routing": {"timeouts": {"readSeconds": 5}}}
}


def can(program: str, name: str, affinity: str) -> bool:
    """Apache httpd hashes no addresses, and Traefik that of the other end alone."""
    return affinity != "clientIP" or (program != "httpd" and (program, name) != ("traefik", "forwardedfor"))


def on(settings: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    """What runs on the same setup runs with the same cluster, for each program that can."""
    setups = [
        Setup(program, name, given)
        for program in PROGRAMS
        for name, given in settings.items()
        if can(program, name, given["affinity"])
    ]
    marked = [
        pytest.param(setup, id=str(setup), marks=[] if setup.name in USUAL.get(setup.program, ()) else LONG)
        for setup in setups
    ]
    return pytest.mark.parametrize("chat", marked, indirect=True)


@pytest.fixture(scope="module")
def sources(sources: list[str]) -> Iterator[list[str]]:
    """Those of the clients; the load balancer in front has one as well."""
    with added_addresses([BALANCER]):
        yield sources


@pytest.fixture(scope="module")
def chat(
    space: Kubectl, proxy_images: None, sources: list[str], request: pytest.FixtureRequest
) -> Iterator[ChatCluster]:
    """The chat of a setup."""
    setup: Setup = request.param
    name, settings = str(setup), dict(setup.settings)
    routing = PROXIED | {"proxy": {"type": setup.program}} | settings.pop("routing", {})
    behind = (BALANCER, OPENINGS[setup.name]) if setup.name in OPENINGS else ()
    route = NodePorts(space, f"{name}-proxy", sources, *behind)
    yield deploy_chat(space, route, name, routing=routing, **settings)
    space("delete", "sio", name, "--wait=false")


def swarm(chat: ChatCluster, sources: list[str], mode: Mode, keeps_cookies: bool = False) -> SwarmResult:
    async def scenario() -> SwarmResult:
        async with Swarm(chat.target, sources, mode, keeps_cookies) as clients:
            return clients.result()

    return asyncio.run(scenario())


def assert_all_kept(result: SwarmResult, chat: ChatCluster) -> None:
    assert result.sticky == CLIENTS, result.faults
    assert sorted(result.pods) == chat.pod_names, "every pod serves some"


@on(STICKY)
def test_each_session_stays_on_its_pod(chat: ChatCluster, sources: list[str]) -> None:
    """Whichever pod of the proxy a connection takes.

    Where requests are evened out, a pod whose sessions polled more often than those of the others may get none of the
    next 60: there each pod serves some of all the modes' sessions, elsewhere of each mode's.
    """
    assert len(chat.target.addresses) == 2, "one pod of the proxy behind each"
    results = [swarm(chat, sources, mode, keeps_cookies=True) for mode in MODES]
    if chat.target.host.partition("-")[0] in EVENING_OUT:
        assert [result.sticky for result in results] == [CLIENTS] * len(MODES), [result.faults for result in results]
        assert sorted(set().union(*(result.pods for result in results))) == chat.pod_names, "every pod serves some"
    else:
        for result in results:
            assert_all_kept(result, chat)


@on(FORWARDING)
def test_without_affinity_requests_are_forwarded(chat: ChatCluster, sources: list[str]) -> None:
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode), chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


@on(FORWARDING)
def test_idle_clients_stay_connected(chat: ChatCluster, sources: list[str]) -> None:
    # Five pings take longer than a session without answers lasts.
    for result in idle(chat.target, 5, sources).values():
        assert_all_kept(result, chat)


@on(FORWARDING)
def test_payloads_as_large_as_the_server_takes(chat: ChatCluster, sources: list[str]) -> None:
    """The server takes 1 MB, by its default: the proxy passes 900 kB on, and refuses more."""

    async def scenario() -> tuple[Any, Fault | None]:
        async with RawClient(chat.target, sources[0], "polling") as client:
            (answer,) = await client.emit("message", {"text": "x" * 900_000, "from": "Ada"})
            with pytest.raises(SessionLostError):
                await client.emit("message", {"text": "x" * 1_000_001, "from": "Ada"})
            return answer, client.fault

    answer, fault = asyncio.run(scenario())
    assert "a message needs a text" in answer["error"], "the server has read it"
    assert fault is not None
    assert fault.status == 413, fault


@on(BEHIND)
def test_behind_a_load_balancer_the_address_is_that_of_the_client(chat: ChatCluster, sources: list[str]) -> None:
    opening = OPENINGS[chat.target.host.partition(".")[0].partition("-")[2]]
    with forwarding(chat.target.port, BALANCER, chat.target.addresses, opening) as port:
        behind = replace(chat, target=Target(port, chat.target.host))
        for mode in MODES:
            assert_all_kept(swarm(behind, sources, mode), chat)


@on({"forwardedfor": BEHIND["forwardedfor"]})
def test_nobody_else_says_who_the_client_is(chat: ChatCluster, sources: list[str]) -> None:
    """What the others claim changes from request to request, and leads nowhere else."""
    claims = itertools.count()

    def claimed(client: str, begin: bytes) -> bytes:
        return by_header(f"192.0.2.{next(claims) % 250}", begin)

    with forwarding(chat.target.port, sources[0], chat.target.addresses, claimed) as port:
        result = swarm(replace(chat, target=Target(port, chat.target.host)), sources, "polling")
    assert result.sticky == CLIENTS, result.faults
    assert len(result.pods) == 1, "the address is the one that all of them come from"


# --- controls


@on(UNFORWARDED)
def test_without_affinity_and_forwarding_sessions_are_lost(chat: ChatCluster, sources: list[str]) -> None:
    lost = swarm(chat, sources, "polling")
    assert lost.sticky < CLIENTS // 2
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
    assert_all_kept(swarm(chat, sources, "websocket"), chat)


@on(IMPATIENT)
def test_a_proxy_less_patient_than_the_ping_cuts_idle_clients(chat: ChatCluster, sources: list[str]) -> None:
    seen = idle(chat.target, 1, sources)
    # Traefik has no timeout of WebSockets.
    cut = ("polling",) if chat.target.host.startswith("traefik") else MODES
    assert {mode: seen[mode].sticky for mode in cut} == dict.fromkeys(cut, 0), "idle sessions outlived the timeout"
