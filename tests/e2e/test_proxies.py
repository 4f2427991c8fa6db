"""The proxies that the operator runs: 60 clients from 60 addresses, connections through its pods in turn."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.kubectl import Kubectl
from tests.e2e.test_traffic import MODES, NO_FORWARDING, idle
from tests.traffic.chat_cluster import PROXIED, ChatCluster, deploy_chat
from tests.traffic.engineio import RawClient
from tests.traffic.route import NodePorts, forwarded, routed_addresses
from tests.traffic.swarm import Swarm, SwarmResult
from tests.traffic.wire import Fault, SessionLostError

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "proxies")]

CLIENTS = 60
SOON = {"pingInterval": 2000, "pingTimeout": 2000}
Deploy = Callable[..., ChatCluster]
AFFINITIES = [
    pytest.param(program.name, affinity, id=f"{program.name}-{affinity}")
    for program in PROGRAMS.values()
    for affinity in ("clientIP", "cookie")
]


@pytest.fixture(scope="module")
def sources() -> Iterator[list[str]]:
    """An address for each client."""
    with routed_addresses(CLIENTS) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def proxies(load_image: Callable[[str], str]) -> None:
    """Their programs, on every node."""
    for program in PROGRAMS:
        load_image(f"proxy-{program}")


@pytest.fixture
def deploy(kubectl: Kubectl, sources: list[str]) -> Deploy:
    """Deploys a chat behind two pods of a proxy, one on each node, in the test's own namespace."""

    def deploy(program: str, affinity: str, routing: dict[str, Any] | None = None, **settings: Any) -> ChatCluster:
        name = f"{program}-{affinity}".lower()
        routing = PROXIED | {"proxy": {"type": program}} | (routing or {})
        route = NodePorts(kubectl, f"{name}-proxy", sources)
        return deploy_chat(kubectl, route, name, affinity=affinity, routing=routing, **settings)

    return deploy


def swarm(chat: ChatCluster, sources: list[str], mode: Any, keeps_cookies: bool = False) -> SwarmResult:
    async def scenario() -> SwarmResult:
        async with Swarm(chat.target, sources, mode, keeps_cookies) as clients:
            return clients.result()

    return asyncio.run(scenario())


def assert_all_kept(result: SwarmResult, chat: ChatCluster) -> None:
    assert result.sticky == CLIENTS, result.faults
    assert sorted(result.pods) == chat.pod_names, "every pod serves some"


@pytest.mark.parametrize(("program", "affinity"), AFFINITIES)
def test_each_session_stays_on_its_pod(program: str, affinity: str, deploy: Deploy, sources: list[str]) -> None:
    """Whichever pod of the proxy a connection takes. Nothing is forwarded here that would hide a mistake."""
    chat = deploy(program, affinity, env=[NO_FORWARDING])
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode, keeps_cookies=affinity == "cookie"), chat)


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_affinity_requests_are_forwarded(program: str, deploy: Deploy, sources: list[str]) -> None:
    chat = deploy(program, "none")
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode), chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


@pytest.mark.parametrize("program", PROGRAMS)
def test_without_affinity_and_forwarding_sessions_are_lost(program: str, deploy: Deploy, sources: list[str]) -> None:
    """The control."""
    chat = deploy(program, "none", env=[NO_FORWARDING])
    lost = swarm(chat, sources, "polling")
    assert lost.sticky < CLIENTS // 2
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
    assert_all_kept(swarm(chat, sources, "websocket"), chat)


@pytest.mark.parametrize("program", PROGRAMS)
def test_idle_clients_stay_connected(program: str, deploy: Deploy, sources: list[str]) -> None:
    chat = deploy(program, "none", engine=SOON)
    # Four pings take twice the time after which a session without answers would be over.
    for result in idle(chat.target, 4, sources).values():
        assert_all_kept(result, chat)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_proxy_less_patient_than_the_ping_cuts_idle_clients(program: str, deploy: Deploy, sources: list[str]) -> None:
    """The control: the app pings more seldom than the operator was told."""
    late = [{"name": "SOCKETIO_PING_INTERVAL", "value": "15000"}]
    chat = deploy(program, "none", routing={"timeouts": {"readSeconds": 5}}, engine=SOON, env=late)
    for mode, result in idle(chat.target, 1, sources).items():
        assert result.sticky == 0, f"{mode}: an idle session outlived the proxy's timeout"


@pytest.mark.parametrize("program", PROGRAMS)
def test_payloads_as_large_as_the_server_takes(program: str, deploy: Deploy, sources: list[str]) -> None:
    """The server takes 1 MB, by its default: the proxy passes 900 kB on, and refuses more."""
    chat = deploy(program, "none")

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
