"""The proxy that the operator runs: its objects, how one takes over from another, and what is told of it."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.inputs import Images
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.proxy.programs import PROGRAMS
from socketio_operator.desired.proxy.programs.haproxy import slots
from tests.unit.samples import LEAST, as_stored, body, children, cluster
from tests.unit.test_plan import SERVER, SETTLED, decided, summary, told, world

SERVICE, CONFIG = Ref("Service", "chat-proxy"), Ref("ConfigMap", "chat-haproxy")
HAPROXY, NGINX = Ref("Deployment", "chat-haproxy"), Ref("Deployment", "chat-nginx")
BEHIND = {"clientAddress": "forwardedFor", "trustedProxies": ["10.0.0.0/8"]}


def proxied(program: str = "haproxy", /, **routing: Any) -> SocketIOCluster:
    proxy = {"type": program, **routing.pop("proxy", {})}
    return cluster(routing={"host": "chat.example.com", "router": "proxy", "proxy": proxy, **routing})


def settled(live: dict[Ref, Any], ref: Ref = HAPROXY, /, **status: Any) -> dict[Ref, Any]:
    """`live` with a workload of which all pods are as asked for."""
    live[ref]["status"] = {**SETTLED, **status}
    return live


def pod(program: str, ready: bool = True, **meta: Any) -> dict[str, Any]:
    labels = {"socketio-operator.dev/component": "proxy", "socketio-operator.dev/proxy": program}
    conditions = [{"type": "Ready", "status": str(ready)}]
    return {"metadata": {"name": f"chat-{program}-1", "labels": labels, **meta}, "status": {"conditions": conditions}}


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_proxys_pods_may_do_nothing_but_serve(program: str) -> None:
    made = children(proxied(program, tls={"secretName": "chat-tls"}))
    spec = made[Ref("Deployment", f"chat-{program}")]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {port["containerPort"] for port in container["ports"]} == {8080, 8443, 8404}
    assert spec["serviceAccountName"] == "chat-proxy"
    (rule,) = made[Ref("NetworkPolicy", "chat-proxy")]["spec"]["ingress"]
    assert [port["port"] for port in rule["ports"]] == ["http", "https", "metrics"]
    assert made[Ref("PodDisruptionBudget", "chat-proxy")]["spec"]["maxUnavailable"] == 1


def test_no_ingress_and_no_https_without_a_certificate() -> None:
    made = children(proxied())
    assert not [ref for ref in made if ref.kind == "Ingress"]
    assert [port["name"] for port in made[SERVICE]["spec"]["ports"]] == ["http"]


def test_its_image_is_a_setting_of_the_operator_or_of_the_cluster() -> None:
    def image(of: SocketIOCluster) -> str:
        (container,) = children(of)[HAPROXY]["spec"]["template"]["spec"]["containers"]
        return str(container["image"])

    assert image(proxied()) == Images().proxy_haproxy
    assert image(proxied(proxy={"image": "registry.example/haproxy:3.4"})) == "registry.example/haproxy:3.4"


def test_pods_that_are_not_ready_are_in_the_list_of_a_proxy_that_asks_them_only() -> None:
    def all_pods(of: SocketIOCluster) -> bool:
        return bool(children(of)[Ref("Service", "chat-endpoints")]["spec"]["publishNotReadyAddresses"])

    assert all_pods(proxied("haproxy"))
    assert not all_pods(proxied("nginx"))
    assert not all_pods(SocketIOCluster.parse(body({**LEAST, "routing": ROUTING, "runtime": {"inject": "none"}})))


ROUTING = {"host": "chat.example.com", "router": "proxy"}


@pytest.mark.parametrize(("replicas", "places"), [(1, 64), (32, 64), (33, 128), (500, 1024)])
def test_places_for_pods_of_a_whole_rollout(replicas: int, places: int) -> None:
    assert slots(cluster(routing=ROUTING, replicas=replicas)) == places


# --- one after the other


def after(old: SocketIOCluster, new: SocketIOCluster) -> dict[Ref, Any]:
    """Everything of `old`, and what `new` has asked for, just applied."""
    made = {ref: as_stored(manifest) for ref, manifest in children(new).items()}
    return {**world(old), **made, SERVER: world(old)[SERVER]}


def test_an_ingress_goes_once_all_pods_of_the_proxy_are_ready() -> None:
    old, new = cluster(), proxied()
    live = after(old, new)
    assert summary(decided(new, live)) == []
    assert summary(decided(new, settled(live, readyReplicas=1))) == []
    assert summary(decided(new, settled(live))) == [("delete", "Ingress chat")]


def test_another_program_takes_over_before_the_first_goes() -> None:
    old, new = proxied("haproxy"), proxied("nginx")
    live = settled(after(old, new))
    assert summary(decided(new, live, pods=(pod("haproxy"), pod("nginx", ready=False)))) == []
    assert summary(decided(new, settled(live, NGINX))) == [
        ("delete", "ConfigMap chat-haproxy"),
        ("delete", "Deployment chat-haproxy"),
    ]
    assert "haproxy" not in str(live[SERVICE]["spec"]["selector"]), "the Service leads to the pods of both"


def test_the_proxy_stays_until_the_ingress_is_there() -> None:
    old, new = proxied(), cluster()
    live = settled(world(old))
    assert ("create", "Ingress chat") in summary(decided(new, live))
    assert "delete" not in {verb for verb, _ in summary(decided(new, live))}
    gone = {ref for verb, ref in summary(decided(new, settled(after(old, new)))) if verb == "delete"}
    assert {"Deployment chat-haproxy", "Service chat-proxy", "ConfigMap chat-haproxy"} <= gone


def test_a_changed_configuration_replaces_pods_of_a_program_that_reads_its_own_once() -> None:
    def hashes(program: str) -> set[str]:
        made = [children(proxied(program, timeouts={"readSeconds": seconds})) for seconds in (60, 90)]
        return {str(each[Ref("Deployment", f"chat-{program}")]["spec"]["template"]["metadata"]) for each in made}

    assert len(hashes("haproxy")) == 2
    assert len(hashes("nginx")) == 1, "nginx reads it anew"


# --- what is told


def test_without_a_pod_of_the_proxy_nobody_can_connect() -> None:
    of = proxied()
    live = world(of)
    assert told(of, live)["Available"] == (False, "ProxyNotReady")
    assert told(of, live, pods=(pod("nginx"),))["Available"] == (True, "Serving"), "another program still serves"
    found = told(of, settled(live))
    assert (found["Ready"], found["Available"]) == ((True, "Ready"), (True, "Serving"))
    assert found["Routed"] == (True, "ProxyServes")


def test_a_rollout_of_the_proxy_is_neither_ready_nor_an_outage() -> None:
    of = proxied()
    found = told(of, settled(world(of), updatedReplicas=1, replicas=3))
    assert (found["Ready"], found["Available"]) == ((False, "RollingOut"), (True, "Serving"))


def test_an_image_of_the_proxy_that_cannot_be_had_needs_a_person_in_the_end() -> None:
    of = proxied()
    away = pod("haproxy", ready=False)
    waiting = {"waiting": {"reason": "ImagePullBackOff"}}
    away["status"]["containerStatuses"] = [{"name": "proxy", "image": "haproxy:9", "state": waiting}]
    first = told(of, settled(world(of), updatedReplicas=1, replicas=3), pods=(away,))
    assert first["Reconciling"] == (True, "ImagePullFailed")
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
    last = told(of, settled(world(of), updatedReplicas=1, replicas=3, conditions=[late]), pods=(away,))
    assert last["Stalled"] == (True, "ImagePullFailed")


@pytest.mark.parametrize("ranges", [["0.0.0.0/0"], ["10.0.0.0/8", "::/0"]])
def test_trust_in_everybody_is_told(ranges: list[str]) -> None:
    of = proxied(clientAddress="forwardedFor", trustedProxies=ranges)
    assert told(of, settled(world(of)))["ClientAddressForgeable"] == (True, "EverybodyTrusted")
    few = proxied(**BEHIND)
    assert "ClientAddressForgeable" not in told(few, settled(world(few)))


# --- what is refused


@pytest.mark.parametrize(
    ("routing", "sentence"),
    [
        ({"router": "none", "proxy": {"type": "nginx"}}, "set routing.router to proxy or remove routing.proxy."),
        ({"router": "traefik", "service": {"type": "NodePort"}}, "Set routing.router to one of them or remove"),
        ({"router": "proxy", "clientAddress": "forwardedFor"}, "needs routing.trustedProxies"),
        ({"router": "proxy", "trustedProxies": ["10.0.0.0/8"]}, "needs routing.trustedProxies"),
        ({"router": "none", "trustedProxies": ["10.0.0.0/8"]}, "needs routing.trustedProxies"),
        ({"router": "traefik", "clientAddress": "proxyProtocol"}, "clientAddress is for routing.router proxy"),
        ({"router": "proxy", "ingressClassName": "nginx"}, "ingressClassName has no effect here"),
        ({"router": "proxy", **BEHIND, "trustedProxies": ["10.0.0.0"]}, "Each range of addresses must be one such as"),
        (
            {"router": "proxy", **BEHIND, "trustedProxies": ["10.0.0.256/8"]},
            "Each range of addresses must be one such as",
        ),
        (
            {"router": "proxy", **BEHIND, "trustedProxies": ["10.0.0.0/8;"]},
            "Each range of addresses must be one such as",
        ),
        ({"router": "proxy", **BEHIND, "trustedProxies": ["1:2:3/64"]}, "Each range of addresses must be one such as"),
        ({"router": "proxy", "proxy": {"type": "caddy"}}, "supported values"),
        ({"router": "proxy", "proxy": {"replicas": 0}}, "greater than or equal to 1"),
    ],
)
def test_settings_that_mean_nothing_are_refused(routing: dict[str, Any], sentence: str) -> None:
    spec = {**LEAST, "routing": {"host": "chat.example.com", **routing}}
    assert sentence in "\n".join(map(str, validate(body(spec))))


@pytest.mark.parametrize("text", ["10.0.0.0/8", "0.0.0.0/0", "2001:db8::/32", "::/0", "::1/128", "1:2:3:4:5:6:7:8/128"])
def test_ranges_of_addresses_pass(text: str) -> None:
    spec = {**LEAST, "routing": {"host": "a.example", "router": "proxy", **BEHIND, "trustedProxies": [text]}}
    assert validate(body(spec)) == []
    assert children(SocketIOCluster.parse(body(spec)))
