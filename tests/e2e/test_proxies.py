"""The proxies that the operator runs: 60 clients from 60 addresses, connections through its pods in turn."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import PROBED, fresh_namespace
from tests.e2e.test_traffic import MODES, NO_FORWARDING, idle
from tests.traffic.chat_cluster import PROXIED, ChatCluster, deploy_chat
from tests.traffic.engineio import Mode, RawClient
from tests.traffic.route import NodePorts, forwarded, routed_addresses
from tests.traffic.swarm import Swarm, SwarmResult
from tests.traffic.wire import Fault, SessionLostError

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "probed")]

CLIENTS = 60
LONG = pytest.mark.long
SOON = {"pingInterval": 2000, "pingTimeout": 2000}
# The app pings more seldom than the operator was told.
LATE = {"name": "SOCKETIO_PING_INTERVAL", "value": "15000"}
# With the others every affinity is tried by `make test-long` alone.
USUAL = ("haproxy", "nginx")


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
FORWARDING = {"none": {"affinity": "none", "engine": SOON}}
UNFORWARDED = {"control": {"affinity": "none", "env": [NO_FORWARDING]}}
IMPATIENT = {
    "impatient": {"affinity": "none", "engine": SOON, "env": [LATE], "routing": {"timeouts": {"readSeconds": 5}}}
}


def on(settings: dict[str, dict[str, Any]]) -> pytest.MarkDecorator:
    """What runs on the same setup runs with the same cluster, for each program that can."""
    setups = [
        Setup(program, name, given)
        for program in PROGRAMS
        for name, given in settings.items()
        if not (program == "httpd" and name == "clientip")  # it hashes no addresses
    ]
    marked = [
        pytest.param(setup, id=str(setup), marks=[] if setup.program in USUAL or setup.name == "cookie" else LONG)
        for setup in setups
    ]
    return pytest.mark.parametrize("chat", marked, indirect=True)


@pytest.fixture(scope="module")
def space(
    cluster: Cluster, request: pytest.FixtureRequest, operator: Kubectl, load_image: Callable[[str], str]
) -> Iterator[Kubectl]:
    """A namespace for all of this module; the programs are on every node."""
    for program in PROGRAMS:
        load_image(f"proxy-{program}")
    with fresh_namespace(cluster, "proxies", request.config) as kubectl:
        yield kubectl


@pytest.fixture
def probed(space: Kubectl, request: pytest.FixtureRequest) -> None:
    """A failed test shows the namespace."""
    request.node.stash[PROBED] = space


@pytest.fixture(scope="module")
def sources() -> Iterator[list[str]]:
    """An address for each client."""
    with routed_addresses(CLIENTS) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def chat(space: Kubectl, sources: list[str], request: pytest.FixtureRequest) -> Iterator[ChatCluster]:
    """The chat of a setup."""
    setup: Setup = request.param
    name, settings = str(setup), dict(setup.settings)
    routing = PROXIED | {"proxy": {"type": setup.program}} | settings.pop("routing", {})
    yield deploy_chat(space, NodePorts(space, f"{name}-proxy", sources), name, routing=routing, **settings)
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
    """Whichever pod of the proxy a connection takes."""
    assert len(chat.target.addresses) == 2, "one pod of the proxy behind each"
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode, keeps_cookies=True), chat)


@on(FORWARDING)
def test_without_affinity_requests_are_forwarded(chat: ChatCluster, sources: list[str]) -> None:
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode), chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


@on(FORWARDING)
def test_idle_clients_stay_connected(chat: ChatCluster, sources: list[str]) -> None:
    # Four pings take twice the time after which a session without answers would be over.
    for result in idle(chat.target, 4, sources).values():
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


# --- controls


@on(UNFORWARDED)
def test_without_affinity_and_forwarding_sessions_are_lost(chat: ChatCluster, sources: list[str]) -> None:
    lost = swarm(chat, sources, "polling")
    assert lost.sticky < CLIENTS // 2
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
    assert_all_kept(swarm(chat, sources, "websocket"), chat)


@on(IMPATIENT)
def test_a_proxy_less_patient_than_the_ping_cuts_idle_clients(chat: ChatCluster, sources: list[str]) -> None:
    for mode, result in idle(chat.target, 1, sources).items():
        assert result.sticky == 0, f"{mode}: an idle session outlived the proxy's timeout"
