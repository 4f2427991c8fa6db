"""What clients see of a SocketIOCluster: real pods on two nodes, a real router, 60 clients from 60 addresses."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.engineio import Mode
from tests.traffic.swarm import Broadcast, Swarm, SwarmResult, source_addresses
from tests.traffic.traefik import Traefik
from tests.traffic.wire import Target

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

MODES: tuple[Mode, ...] = ("polling", "upgrade", "websocket")
SOURCES = source_addresses(60)
Deploy = Callable[..., ChatCluster]
# Pings soon, and time for their answers: clients and pods share two busy cores.
PINGS = {"pingInterval": 2000, "pingTimeout": 6000}
NO_FORWARDING = {"name": "SOCKETIO_RUNTIME_PEERS", "value": ""}


@pytest.fixture
def deploy(kubectl: Kubectl, traefik: Traefik) -> Deploy:
    """Deploys a chat in the test's own namespace."""

    def deploy(name: str, **settings: Any) -> ChatCluster:
        return deploy_chat(kubectl, traefik, name, **settings)

    return deploy


def swarm(
    target: Target,
    mode: Mode = "upgrade",
    keeps_cookies: bool = False,
    then: Callable[[Swarm], Awaitable[Any]] | None = None,
) -> tuple[SwarmResult, Any]:
    """Connect 60 clients, do what `then` says, and look: the result, and what `then` returned."""

    async def scenario() -> tuple[SwarmResult, Any]:
        async with Swarm(target, SOURCES, mode, keeps_cookies) as clients:
            outcome = await then(clients) if then else None
            return clients.result(), outcome

    return asyncio.run(scenario())


def assert_spread(result: SwarmResult, chat: ChatCluster) -> None:
    """All sessions survived, on every pod, and the pods are on both nodes."""
    assert result.sticky == len(SOURCES), result.faults
    assert len(chat.pods) == 3
    assert sorted(result.pods) == chat.pod_names, "every pod serves some"
    assert len(chat.nodes) == 2, "the pods are spread over the nodes"
    assert set(result.nodes) == chat.nodes


def assert_all_reached(broadcasts: tuple[Broadcast, ...], chat: ChatCluster) -> None:
    assert [row.pod for row in broadcasts] == chat.pod_names
    assert all(row.reached_all for row in broadcasts), broadcasts
    assert all(sum(count for _, count in row.expected) == len(SOURCES) for row in broadcasts)


def test_client_ip_affinity_with_redis(deploy: Deploy) -> None:
    chat = deploy("by-address", affinity="clientIP", adapter="redis")
    for mode in MODES:
        result, broadcasts = swarm(chat.target, mode, then=Swarm.broadcast_matrix)
        assert_spread(result, chat)
        assert_all_reached(broadcasts, chat)


def test_cookie_affinity_with_redis_streams(deploy: Deploy) -> None:
    # Without the forwarding of requests between pods, which would make the cookie needless.
    chat = deploy("by-cookie", affinity="cookie", adapter="redis-streams", env=[NO_FORWARDING])
    result, broadcasts = swarm(chat.target, keeps_cookies=True, then=Swarm.broadcast_matrix)
    assert_spread(result, chat)
    assert_all_reached(broadcasts, chat)
    without_jar, _ = swarm(chat.target, keeps_cookies=False)
    assert without_jar.sticky < 10, "the cookie is what keeps a session on its pod"


def test_without_affinity_and_adapter(deploy: Deploy) -> None:
    """The control of the two tests above: polling breaks, WebSocket works, broadcasts stay on their pod.

    That polling works without affinity as long as requests are forwarded is in test_continuity.py.
    """
    chat = deploy("alone", affinity="none", adapter="none", env=[NO_FORWARDING])
    polling, _ = swarm(chat.target)
    assert polling.sticky < 10
    assert any("Session ID unknown" in fault for fault in polling.faults), polling.faults

    websocket, broadcasts = swarm(chat.target, "websocket", then=lambda clients: clients.broadcast_matrix(2))
    assert_spread(websocket, chat)
    assert [row.pods_reached for row in broadcasts] == [(pod,) for pod in chat.pod_names]


def test_clients_do_not_notice_the_operator(deploy: Deploy, operator: Kubectl) -> None:
    """Killed, away and back again: sessions go on, and messages cross, on polling as on WebSocket."""
    chat = deploy("steady", engine=PINGS)

    async def restart(clients: Swarm) -> tuple[Broadcast, ...]:
        pods = ("pod", "-l", "app.kubernetes.io/component=operator")
        await asyncio.to_thread(operator, "delete", *pods, "--grace-period=0", "--force")
        while_away = await clients.broadcast_matrix()
        await asyncio.to_thread(operator, "rollout", "status", "deployment/socketio-operator", "--timeout=60s")
        # Pings are counted from the beginning of a session: by then the new operator has looked at the cluster.
        await clients.wait_pings(5, 30)
        return (*while_away, *await clients.broadcast_matrix())

    for mode in ("polling", "websocket"):
        result, broadcasts = swarm(chat.target, mode, then=restart)
        assert_spread(result, chat)
        assert all(row.reached_all for row in broadcasts), broadcasts


BACKEND = {"service": {"name": "idle", "port": {"name": "http"}}}
IMPATIENT = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "Ingress",
    "metadata": {
        "name": "impatient",
        "annotations": {
            "nginx.ingress.kubernetes.io/upstream-hash-by": "$remote_addr",
            "nginx.ingress.kubernetes.io/proxy-read-timeout": "1",
        },
    },
    "spec": {
        "ingressClassName": "nginx",
        "rules": [
            {
                "host": "impatient.localhost",
                "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": BACKEND}]},
            }
        ],
    },
}


def idle(target: Target, pings: int, sources: Sequence[str] = SOURCES) -> dict[Mode, SwarmResult]:
    """A client of each address and mode, silent until it was pinged that often or lost its session."""

    async def scenario() -> dict[Mode, SwarmResult]:
        async with AsyncExitStack() as stack:
            swarms = {mode: await stack.enter_async_context(Swarm(target, sources, mode)) for mode in MODES}
            await asyncio.gather(*(clients.wait_pings(pings, 20) for clients in swarms.values()))
            return {mode: clients.result() for mode, clients in swarms.items()}

    return asyncio.run(scenario())


def test_idle_clients_stay_connected(deploy: Deploy, kubectl: Kubectl, traefik: Traefik) -> None:
    chat = deploy("idle", engine=PINGS)
    # Five pings take longer than a session without answers lasts.
    for result in idle(chat.target, pings=5).values():
        assert_spread(result, chat)

    # The control: a router that is less patient than the ping cuts them. The first ping counts from the handshake,
    # and may come right after the upgrade; between the first and the second nothing is said for 2 s.
    kubectl.apply(IMPATIENT)
    traefik.wait_routed("impatient.localhost", {pod.address for pod in chat.pods})
    for mode, result in idle(Target(traefik.port, "impatient.localhost"), pings=2).items():
        assert result.sticky == 0, f"{mode}: an idle session outlived the router's read timeout"
