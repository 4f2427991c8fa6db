"""Traefik by its own providers, and as an implementation of the Gateway API: 60 clients from 60 addresses."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests import crds
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.e2e.test_traffic import MODES, NO_FORWARDING, assert_spread, swarm
from tests.traffic.chat_cluster import ChatCluster, deploy_chat
from tests.traffic.route import forwarded
from tests.traffic.traefik import OWN_PROVIDERS, Traefik, running_traefik

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

INGRESS_CLASS = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "IngressClass",
    "metadata": {"name": "traefik"},
    "spec": {"controller": "traefik.io/ingress-controller"},
}
GATEWAY_CLASS = {
    "apiVersion": "gateway.networking.k8s.io/v1",
    "kind": "GatewayClass",
    "metadata": {"name": "traefik"},
    "spec": {"controllerName": "traefik.io/gateway-controller"},
}
ROUTINGS: dict[str, dict[str, Any]] = {
    "traefik": {"router": "traefik"},
    "gateway": {"router": "gateway", "gateway": {"name": "public", "implementation": "traefik"}},
}
Deploy = Callable[..., ChatCluster]


@pytest.fixture(scope="module")
def router(cluster: Cluster, operator: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traefik]:
    """Traefik with its own providers, and the CRDs that it watches."""
    admin = Kubectl(cluster, "default")
    log = tmp_path_factory.mktemp("traefik-own") / "traefik.log"
    with crds.serving(admin, *crds.of_traefik()):
        admin.apply(INGRESS_CLASS, GATEWAY_CLASS)
        with running_traefik(cluster.kubeconfig, log, OWN_PROVIDERS) as traefik:
            yield traefik


@pytest.fixture
def deploy(kubectl: Kubectl, router: Traefik) -> Deploy:
    """Deploys a chat behind this Traefik in the test's own namespace, which has a Gateway."""
    listener = {
        "name": "web",
        "protocol": "HTTP",
        "port": router.port,
        "allowedRoutes": {"namespaces": {"from": "Same"}},
    }
    gateway = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": {"name": "public"},
        "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
    }
    kubectl.apply(gateway)

    def deploy(name: str, affinity: str, **settings: Any) -> ChatCluster:
        # Routes of a test that has ended may still be there.
        host = f"{name}-{affinity}{'-alone' if 'env' in settings else ''}".lower()
        return deploy_chat(kubectl, router, host, affinity=affinity, routing=ROUTINGS[name], **settings)

    return deploy


@pytest.mark.parametrize(
    ("name", "affinity"),
    [
        ("traefik", "clientIP"),
        ("gateway", "cookie"),
        pytest.param("traefik", "cookie", marks=pytest.mark.long),
        pytest.param("gateway", "clientIP", marks=pytest.mark.long),
    ],
)
def test_each_session_stays_on_its_pod(name: str, affinity: str, deploy: Deploy) -> None:
    """Nothing is forwarded here that would hide a mistake."""
    chat = deploy(name, affinity, env=[NO_FORWARDING])
    for mode in MODES:
        assert_spread(swarm(chat.target, mode, keeps_cookies=affinity == "cookie")[0], chat)


@pytest.mark.long
@pytest.mark.parametrize("name", ROUTINGS)
def test_without_affinity_requests_are_forwarded(name: str, deploy: Deploy) -> None:
    chat = deploy(name, "none")
    for mode in MODES:
        assert_spread(swarm(chat.target, mode)[0], chat)
    assert forwarded(pod.address for pod in chat.pods).total() > 0


@pytest.mark.long
@pytest.mark.parametrize("name", ROUTINGS)
def test_without_affinity_and_forwarding_sessions_are_lost(name: str, deploy: Deploy) -> None:
    """The control."""
    lost, _ = swarm(deploy(name, "none", env=[NO_FORWARDING]).target, "polling")
    assert lost.sticky < 30
    assert any("Session ID unknown" in fault for fault in lost.faults), lost.faults
