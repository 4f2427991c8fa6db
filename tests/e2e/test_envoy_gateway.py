"""Envoy Gateway as an implementation of the Gateway API: 60 clients from 60 addresses, two replicas of Envoy."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import LoadImage
from tests.e2e.test_proxies import CLIENTS, swarm
from tests.e2e.test_traffic import MODES, NO_FORWARDING, assert_spread
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.envoy_gateway import GATEWAY, IMAGES, SERVICE, running_envoy_gateway
from tests.traffic.route import NodePorts, forwarded

# The controller takes three minutes to build.
pytestmark = [pytest.mark.node, pytest.mark.long, pytest.mark.usefixtures("operator", "probed")]

ROUTING = {"router": "gateway", "gateway": {"name": GATEWAY, "implementation": "envoy-gateway"}}
Deploy = Callable[..., ChatCluster]


@pytest.fixture(scope="module")
def route(space: Kubectl, load_image: LoadImage, sources: list[str]) -> Iterator[NodePorts]:
    """A Gateway in the module's namespace: clients come to both nodes in turn."""
    for image in IMAGES:
        load_image(image)
    with running_envoy_gateway(space) as proxies:
        yield NodePorts(proxies, SERVICE, sources)


@pytest.fixture
def deploy(space: Kubectl, route: NodePorts) -> Iterator[Deploy]:
    """Deploys a chat behind the Gateway."""
    names = []

    def deploy(name: str, affinity: str, **settings: Any) -> ChatCluster:
        names.append(name)
        return deploy_chat(space, route, name, affinity=affinity, routing=ROUTING, **settings)

    yield deploy
    space("delete", "sio", *names, "--wait=false")


@pytest.mark.parametrize("affinity", ["clientIP", "cookie"])
def test_each_session_stays_on_its_pod(affinity: str, deploy: Deploy, sources: list[str]) -> None:
    """Nothing is forwarded here that would hide a mistake, and both replicas agree."""
    chat = deploy(f"by-{affinity}".lower(), affinity, env=[NO_FORWARDING])
    for mode in MODES:
        assert_spread(swarm(chat, sources, mode, keeps_cookies=affinity == "cookie"), chat)


def test_a_cookie_that_is_not_kept_loses_the_session(deploy: Deploy, sources: list[str]) -> None:
    chat = deploy("without-jar", "cookie", env=[NO_FORWARDING])
    assert swarm(chat, sources, "polling").sticky < CLIENTS / 2


def test_without_affinity_requests_are_forwarded(deploy: Deploy, sources: list[str]) -> None:
    chat = deploy("forwards", "none")
    for mode in MODES:
        assert_spread(swarm(chat, sources, mode), chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


def test_without_affinity_and_forwarding_sessions_are_lost(deploy: Deploy, sources: list[str]) -> None:
    """The control."""
    lost = swarm(deploy("control", "none", env=[NO_FORWARDING]), sources, "polling")
    assert lost.sticky < CLIENTS / 2
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
