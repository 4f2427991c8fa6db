"""A Service alone: 60 clients from 60 addresses at its cluster IP."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.test_proxies import assert_all_kept, swarm
from tests.e2e.test_traffic import MODES, NO_FORWARDING
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.route import ClusterIp, forwarded

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

Deploy = Callable[..., ChatCluster]


@pytest.fixture
def deploy(kubectl: Kubectl, sources: list[str]) -> Deploy:
    """Deploys a chat with a Service alone in the test's own namespace."""

    def deploy(affinity: str, **settings: Any) -> ChatCluster:
        route = ClusterIp(kubectl, "alone-route", sources)
        return deploy_chat(kubectl, route, "alone", affinity=affinity, routing={"router": "none"}, **settings)

    return deploy


def test_each_client_stays_on_its_pod(deploy: Deploy, sources: list[str]) -> None:
    """Nothing is forwarded here that would hide a mistake."""
    chat = deploy("clientIP", env=[NO_FORWARDING])
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode), chat)


def test_without_affinity_requests_are_forwarded(deploy: Deploy, sources: list[str]) -> None:
    chat = deploy("none")
    for mode in MODES:
        assert_all_kept(swarm(chat, sources, mode), chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


@pytest.mark.long
def test_without_affinity_and_forwarding_sessions_are_lost(deploy: Deploy, sources: list[str]) -> None:
    """The control."""
    lost = swarm(deploy("none", env=[NO_FORWARDING]), sources, "polling")
    assert lost.sticky < 30
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
