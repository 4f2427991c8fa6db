"""Client-side load balancing: what clients are told, where they ask, and how HAProxy takes them to one pod."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.unit.samples import LEAST, body, children, cluster

HOST = "chat.example.com"
DISCOVERY = "SOCKETIO_RUNTIME_DISCOVERY_"


def of(spec: dict[str, Any] | None = None, **routing: Any) -> SocketIOCluster:
    return cluster(routing={"host": HOST, "router": "direct", **routing}, **(spec or {}))


def container(made: SocketIOCluster) -> dict[str, Any]:
    found: dict[str, Any] = children(made)[Ref("Deployment", "chat")]["spec"]["template"]["spec"]["containers"][0]
    return found


def told(made: SocketIOCluster) -> dict[str, str]:
    """The runtime's variables of the list, without their prefix."""
    env = {item["name"]: item.get("value", "") for item in container(made)["env"]}
    return {name.removeprefix(DISCOVERY): value for name, value in env.items() if name.startswith(DISCOVERY)}


@pytest.mark.parametrize(
    ("made", "url"),
    [
        (of(), "http://{address}:3000"),
        (of({"port": 8080}), "http://{address}:8080"),
        (of(direct={"url": "https://{dashed}.pods.example:8443"}), "https://{dashed}.pods.example:8443"),
        (of(router="proxy", direct={}), f"http://{{dashed}}.{HOST}"),
        (of(router="proxy", direct={}, tls={"secretName": "chat-tls"}), f"https://{{dashed}}.{HOST}"),
    ],
)
def test_clients_are_told_the_url_of_each_server(made: SocketIOCluster, url: str) -> None:
    assert told(made) == {"URL": url, "PORT": "9401"}
    assert {"name": "servers", "containerPort": 9401, "protocol": "TCP"} in container(made)["ports"]


@pytest.mark.parametrize("router", ["none", "proxy", "ingress-nginx"])
def test_of_other_routers_nobody_is_told(router: str) -> None:
    made = of(router=router)
    assert told(made) == {}
    assert "servers" not in [port["name"] for port in container(made)["ports"]]


def test_the_list_is_at_the_service_and_so_are_the_pods_for_others() -> None:
    made = children(of(direct={"port": 9500}))[Ref("Service", "chat-route")]
    ports = {port["name"]: (port["port"], port["targetPort"]) for port in made["spec"]["ports"]}
    assert ports == {"http": (80, "http"), "servers": (9500, "servers")}


def test_haproxy_takes_a_client_to_a_pod_of_the_cluster_alone() -> None:
    text = PROGRAMS["haproxy"].configuration(of(router="proxy", direct={}))["haproxy.cfg"]
    assert '"var(txn.label),concat(.chat-peers.team.svc.${CLUSTER_DOMAIN})"' in text
    assert f"hdr(host),host_only -m end .{HOST}" in text
    assert "single" not in PROGRAMS["haproxy"].configuration(of(router="proxy"))["haproxy.cfg"]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"routing": {"router": "none", "direct": {}}}, "routing.direct needs routing.router direct"),
        ({"routing": {"router": "proxy", "proxy": {"type": "nginx"}, "direct": {}}}, "proxy.type haproxy"),
        ({"routing": {"router": "proxy", "direct": {"url": "https://{dashed}.other.example"}}}, "before routing.host"),
        ({"routing": {"direct": {"url": "https://chat.example.com"}}}, "with {address} or {dashed} in its host"),
        ({"routing": {"direct": {"url": "https://{address}/chat"}}}, "without a path"),
        ({"routing": {"direct": {"url": 'http://{address}"'}}}, "must be the URL of one server"),
        ({"routing": {}, "runtime": {"inject": "none"}}, "need the runtime"),
        ({"routing": {}, "port": 9401}, "routing.direct.port is taken"),
        ({"routing": {"direct": {"port": 9400}}}, "routing.direct.port is taken"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(spec: dict[str, Any], said: str) -> None:
    routing = {"host": HOST, "router": "direct", **spec["routing"]}
    (problem,) = validate(body({**LEAST, **spec, "routing": routing}))
    assert said in str(problem)
