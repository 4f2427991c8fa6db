"""The proxies that the operator runs: 60 clients from 60 addresses, connections through its pods in turn."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.kubectl import Kubectl
from tests.e2e.test_traffic import MODES, NO_FORWARDING
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.route import NodePorts, forwarded, routed_addresses
from tests.traffic.swarm import Swarm, SwarmResult

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "proxies")]

CLIENTS = 60
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
    load_image("proxies")


@pytest.fixture
def deploy(kubectl: Kubectl, sources: list[str]) -> Deploy:
    """Deploys a chat behind two pods of a proxy, one on each node, in the test's own namespace."""

    def deploy(program: str, affinity: str, **settings: Any) -> ChatCluster:
        name = f"{program}-{affinity}".lower()
        routing = {"router": "proxy", "proxy": {"type": program}, "service": {"type": "NodePort"}}
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
