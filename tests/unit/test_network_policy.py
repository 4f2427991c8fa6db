"""Who may connect to the server's pods."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.kinds import Ref
from tests.unit.samples import LEAST, body, children, cluster

INGRESS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "ingress"}}}
MONITORING = {"podSelector": {"matchLabels": {"app": "prometheus"}}, "namespaceSelector": {"matchLabels": {}}}


def pods(component: str) -> dict[str, Any]:
    labels = {"socketio-operator.dev/cluster": "chat", "socketio-operator.dev/component": component}
    return {"podSelector": {"matchLabels": labels}}


OWN = [
    pods("server"),
    {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app.kubernetes.io/name": "socketio-operator"}}},
]


def of(policy: dict[str, Any], **spec: Any) -> SocketIOCluster:
    assert validate(body({**LEAST, "networkPolicy": policy, **spec})) == []
    return cluster(networkPolicy=policy, **spec)


def ingress(made: SocketIOCluster) -> dict[tuple[str, ...], Any]:
    """Ports -> who may connect; None: everybody."""
    policy = children(made)[Ref("NetworkPolicy", "chat")]["spec"]
    assert policy["podSelector"] == pods("server")["podSelector"]
    return {tuple(port["port"] for port in rule["ports"]): rule.get("from") for rule in policy["ingress"]}


def test_without_the_field_there_is_none() -> None:
    assert Ref("NetworkPolicy", "chat") not in children(cluster())


def test_everybody_reaches_the_app_and_the_operator_the_runtime() -> None:
    assert ingress(of({})) == {("http",): None, ("runtime",): OWN}


def test_whom_the_user_names() -> None:
    found = ingress(of({"clients": [INGRESS, {"cidr": "10.0.0.0/8"}], "monitoring": [MONITORING]}))
    everywhere = {**MONITORING, "namespaceSelector": {}}
    assert found == {("http",): [INGRESS, {"ipBlock": {"cidr": "10.0.0.0/8"}}], ("runtime",): [*OWN, everywhere]}


def test_nobody_is_not_everybody() -> None:
    assert ingress(of({"clients": []}))[("http",)] == [pods("server")]


def test_the_operators_own_proxy_reaches_the_pods() -> None:
    routing = {"host": "chat.example.com", "router": "proxy", "direct": {}}
    found = ingress(of({"clients": []}, routing=routing))
    assert found == {("http", "servers"): [pods("proxy")], ("runtime",): [*OWN, pods("proxy")]}


def test_webtransport_and_a_pod_without_runtime() -> None:
    engine = {"transports": ["polling", "websocket", "webtransport"]}
    found = ingress(of({}, engine=engine, runtime={"inject": "none"}))
    assert found == {("http", "webtransport"): None}


@pytest.mark.parametrize("peer", [{}, {"cidr": "10.0.0.0/8", **INGRESS}])
def test_a_peer_is_one_or_the_other(peer: dict[str, Any]) -> None:
    (problem,) = validate(body({**LEAST, "networkPolicy": {"clients": [peer]}}))
    assert "Each peer takes either cidr, or namespaceSelector, podSelector or both." in str(problem)
