"""Every router with every affinity: sticky in exactly one way, patient enough, and free of what others could write."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.affinity import wanted_affinity
from socketio_operator.desired.kinds import CHILD_KINDS, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.actions import Decision
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.observed import Observed
from tests.unit.samples import INPUTS, LEAST, body, children, cluster

AFFINITIES = ("clientIP", "cookie", "none")
IMPLEMENTATIONS = ("traefik", "envoy-gateway", "nginx-gateway-fabric", "other")
# The router that the operator runs itself has tests of its own.
OF_OTHERS = [name for name in ROUTERS if name != "proxy"]
WAYS = [
    (name, implementation) for name in OF_OTHERS for implementation in (IMPLEMENTATIONS if name == "gateway" else ("",))
]
CASES = [(*way, affinity) for way in WAYS for affinity in AFFINITIES]
# What makes a router choose a pod by the client's address, and by a cookie, in any of their languages.
BY_ADDRESS = re.compile(r'\$remote_addr|"source"|"hrw"|"SourceIP"|"sessionAffinity": "ClientIP"')
BY_COOKIE = re.compile(r"cookie", re.IGNORECASE)


def routing(router: str, implementation: str = "", affinity: str = "clientIP", **more: Any) -> dict[str, Any]:
    gateway = {"gateway": {"name": "public", "implementation": implementation}} if router == "gateway" else {}
    return {"host": "chat.example.com", "router": router, "affinity": affinity, **gateway, **more}


def of(*way: str, spec: dict[str, Any] | None = None, **more: Any) -> SocketIOCluster:
    return cluster(routing=routing(*way, **more), **(spec or {}))


def route(made: SocketIOCluster) -> dict[Ref, Manifest]:
    return {ref_of(one): one for one in ROUTERS[made.spec.routing.router].build(made, INPUTS)}


def settings(made: SocketIOCluster) -> str:
    """All that a route says, without what every object of ours carries."""
    return json.dumps([{**one, "metadata": one["metadata"].get("annotations")} for one in route(made).values()])


def annotations(made: SocketIOCluster, kind: str = "Ingress", name: str = "chat") -> dict[str, str]:
    found: dict[str, str] = route(made)[Ref(kind, name)]["metadata"].get("annotations", {})
    return found


@pytest.mark.parametrize(("router", "implementation", "affinity"), CASES)
def test_a_client_is_kept_in_exactly_the_way_that_is_in_effect(router: str, implementation: str, affinity: str) -> None:
    made = of(router, implementation, affinity)
    effective = ROUTERS[router].affinity(made)
    said = settings(made)
    assert bool(BY_ADDRESS.search(said)) == (effective == "clientIP")
    assert bool(BY_COOKIE.search(said)) == (effective == "cookie")
    assert (effective == affinity) == (ROUTERS[router].lack(made) is None)
    assert validate(body({**LEAST, "routing": routing(router, implementation, affinity)})) == []


def test_affinities_that_cannot_be_had() -> None:
    lacking = {case for case in CASES if ROUTERS[case[0]].affinity(of(*case)) != case[2]}
    assert lacking == {
        ("gateway", "nginx-gateway-fabric", "cookie"),
        ("gateway", "other", "clientIP"),
        ("gateway", "other", "cookie"),
        ("none", "", "cookie"),
        ("direct", "", "cookie"),
    }
    elsewhere = of("haproxytech", "", "cookie", cookie={"sameSite": "None"}, tls={"secretName": "chat-tls"})
    assert ROUTERS["haproxytech"].affinity(elsewhere) == "none"
    assert "cookie" not in settings(elsewhere)


@pytest.mark.parametrize(("router", "implementation"), WAYS)
def test_of_websocket_only_nothing_is_sticky(router: str, implementation: str) -> None:
    for affinity in AFFINITIES:
        made = of(router, implementation, affinity, spec={"engine": {"transports": ["websocket"]}})
        assert wanted_affinity(made.spec) == "none"
        assert not BY_ADDRESS.search(settings(made))
        assert not BY_COOKIE.search(settings(made))
        assert ROUTERS[router].lack(made) is None


@pytest.mark.parametrize(("router", "implementation", "affinity"), CASES)
def test_what_is_made_is_registered_and_owned(router: str, implementation: str, affinity: str) -> None:
    for ref, manifest in route(of(router, implementation, affinity)).items():
        assert CHILD_KINDS[ref.kind].api_version == manifest["apiVersion"]
        assert manifest["metadata"]["ownerReferences"][0]["controller"] is True
        assert ref.name in ("chat", "chat-route")


TIMES = {
    "ingress-nginx": (
        "nginx.ingress.kubernetes.io/proxy-read-timeout",
        "nginx.ingress.kubernetes.io/proxy-send-timeout",
    ),
    "f5-nginx": ("nginx.org/proxy-read-timeout", "nginx.org/proxy-send-timeout"),
    "haproxy-ingress": ("haproxy-ingress.github.io/timeout-server", "haproxy-ingress.github.io/timeout-tunnel"),
}


@given(st.integers(1000, 600_000), st.integers(1000, 600_000))
def test_every_time_outwaits_the_ping_in_its_own_unit(interval: int, timeout: int) -> None:
    ping = {"engine": {"pingInterval": interval, "pingTimeout": timeout}}
    for router, names in TIMES.items():
        for name in names:
            value = annotations(of(router, spec=ping))[name]
            seconds = re.fullmatch(r"(\d+)" if router == "ingress-nginx" else r"(\d+)s", value)
            assert seconds, value
            assert int(seconds[1]) * 1000 > interval + timeout
    server = annotations(of("haproxytech", spec=ping), "Service", "chat-route")["haproxy.org/timeout-server"]
    assert int(server.removesuffix("s")) * 1000 > interval + timeout


@given(st.integers(1000, 600_000), st.integers(1000, 600_000))
def test_envoy_waits_without_limit_for_an_answer_and_long_enough_for_a_stream(interval: int, timeout: int) -> None:
    made = route(of("gateway", "envoy-gateway", spec={"engine": {"pingInterval": interval, "pingTimeout": timeout}}))
    policy = made[Ref("BackendTrafficPolicy", "chat")]["spec"]
    idle = policy.get("timeout", {}).get("http", {}).get("streamIdleTimeout", "300s")
    assert int(idle.removesuffix("s")) * 1000 > interval + timeout
    assert made[Ref("HTTPRoute", "chat")]["spec"]["rules"][0]["timeouts"] == {"request": "0s"}


def test_nginx_gateway_fabric_takes_no_timeouts_in_its_route() -> None:
    made = route(of("gateway", "nginx-gateway-fabric"))[Ref("HTTPRoute", "chat")]
    assert "timeouts" not in made["spec"]["rules"][0]


@given(st.integers(1024, 1_073_741_824))
def test_bodies_of_the_size_that_the_server_takes_pass(size: int) -> None:
    engine = {"engine": {"maxHttpBufferSize": size}}
    made = route(of("gateway", "nginx-gateway-fabric", spec=engine))[Ref("ClientSettingsPolicy", "chat")]
    text = made["spec"]["body"]["maxSize"]
    # The pattern of its CRD.
    number = re.fullmatch(r"(\d{1,4})([kmg]?)", text)
    assert number, text
    assert int(number[1]) * 1024 ** " kmg".index(number[2] or " ") >= size
    assert annotations(of("f5-nginx", spec=engine))["nginx.org/client-max-body-size"] == str(size)


def test_f5_has_its_own_form_of_a_cookie() -> None:
    cookie = {"name": "pod", "maxAgeSeconds": 3600, "sameSite": "None"}
    made = annotations(of("f5-nginx", "", "cookie", cookie=cookie, tls={"secretName": "chat-tls"}))
    expected = "serviceName=chat pod path=/ expires=3600s httponly samesite=none secure"
    assert made["nginx.org/sticky-cookie-services"] == expected
    assert made["nginx.org/websocket-services"] == "chat"
    assert "nginx.org/lb-method" not in made


def test_traefik_reads_a_cookie_from_a_service_and_a_hash_from_its_own_route() -> None:
    cookie = {"name": "pod", "maxAgeSeconds": 3600}
    made = of("traefik", "", "cookie", cookie=cookie, tls={"secretName": "chat-tls"})
    found = annotations(made, "Service", "chat-route")
    prefix = "traefik.ingress.kubernetes.io/service.sticky.cookie"
    assert {name.removeprefix(prefix): value for name, value in found.items()} == {
        "": "true",
        ".name": "pod",
        ".path": "/",
        ".httponly": "true",
        ".samesite": "lax",
        ".secure": "true",
        ".maxage": "3600",
    }
    backend = route(made)[Ref("Ingress", "chat")]["spec"]["rules"][0]["http"]["paths"][0]["backend"]
    assert backend["service"]["name"] == "chat-route"
    hashed = route(of("traefik", path="/chat/"))[Ref("IngressRoute", "chat")]["spec"]["routes"]
    assert hashed == [
        {
            "kind": "Rule",
            "match": "Host(`chat.example.com`) && PathPrefix(`/chat/`)",
            "services": [{"kind": "Service", "name": "chat", "port": "http", "strategy": "hrw"}],
        }
    ]


def test_haproxy_ingress_adds_what_its_cookie_lacks() -> None:
    lax = annotations(of("haproxy-ingress", "", "cookie", cookie={"name": "pod", "maxAgeSeconds": 3600}))
    prefix = "haproxy-ingress.github.io/session-cookie"
    words = "indirect nocache httponly attr Max-Age=3600 attr SameSite=Lax"
    assert (lax[f"{prefix}-keywords"], f"{prefix}-same-site" in lax) == (words, False)
    tls = {"secretName": "chat-tls"}
    anywhere = annotations(of("haproxy-ingress", "", "cookie", cookie={"sameSite": "None"}, tls=tls))
    assert (anywhere[f"{prefix}-same-site"], "attr" in anywhere[f"{prefix}-keywords"]) == ("true", False)


def test_a_route_of_the_gateway_names_its_gateway_with_all_defaults() -> None:
    where = {"gateway": {"name": "public", "namespace": "edge", "sectionName": "https"}}
    made = cluster(routing={"host": "chat.example.com", "router": "gateway", "path": "/chat/", **where})
    spec = route(made)[Ref("HTTPRoute", "chat")]["spec"]
    group = "gateway.networking.k8s.io"
    parent = {"group": group, "kind": "Gateway", "name": "public", "namespace": "edge", "sectionName": "https"}
    assert spec["parentRefs"] == [parent]
    assert spec["hostnames"] == ["chat.example.com"]
    assert spec["rules"][0]["matches"] == [{"path": {"type": "PathPrefix", "value": "/chat"}}]
    assert spec["rules"][0]["backendRefs"] == [
        {"group": "", "kind": "Service", "name": "chat", "port": 3000, "weight": 1}
    ]


def test_envoy_makes_a_cookie_only_with_a_life() -> None:
    for cookie, life in (({}, "0s"), ({"maxAgeSeconds": 3600}, "3600s")):
        made = route(of("gateway", "envoy-gateway", "cookie", cookie=cookie))
        policy = made[Ref("BackendTrafficPolicy", "chat")]["spec"]
        expected = {"name": "sio-affinity", "ttl": life, "attributes": {"SameSite": "Lax"}}
        assert policy["loadBalancer"] == {
            "type": "ConsistentHash",
            "consistentHash": {"type": "Cookie", "cookie": expected},
        }
        assert policy["targetRefs"] == [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute", "name": "chat"}]
        assert "sessionPersistence" not in json.dumps(list(made.values()))


def service(affinity: str = "clientIP", **given: Any) -> Manifest:
    return route(of("none", "", affinity, service=given))[Ref("Service", "chat-route")]


def test_a_service_alone_keeps_the_clients_addresses() -> None:
    spec = service(type="LoadBalancer", loadBalancerClass="example.com/nlb")["spec"]
    assert spec["externalTrafficPolicy"] == "Local"
    assert spec["loadBalancerClass"] == "example.com/nlb"
    assert (spec["sessionAffinity"], spec["sessionAffinityConfig"]) == (
        "ClientIP",
        {"clientIP": {"timeoutSeconds": 10800}},
    )
    assert service(type="NodePort", externalTrafficPolicy="Cluster")["spec"]["externalTrafficPolicy"] == "Cluster"
    inside = service("none", trafficDistribution="PreferSameZone")["spec"]
    assert (inside["type"], inside["sessionAffinity"]) == ("ClusterIP", "None")
    assert not {"externalTrafficPolicy", "sessionAffinityConfig"} & set(inside)


UDP = {"engine": {"transports": ["polling", "websocket", "webtransport"]}}


def test_webtransport_reaches_the_pods_through_a_service_alone() -> None:
    ports = route(of("none", spec=UDP))[Ref("Service", "chat-route")]["spec"]["ports"]
    assert {"name": "webtransport", "port": 80, "targetPort": "webtransport", "protocol": "UDP"} in ports
    server = children(of("none", spec=UDP))[Ref("Deployment", "chat")]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "webtransport", "containerPort": 3000, "protocol": "UDP"} in server["ports"]


def test_a_router_that_passes_no_udp_is_told() -> None:
    for name, router in ROUTERS.items():
        made = of(name, "other", spec=UDP)
        found = [item for item in conditions(made, Decision((), ()), Observed({})) if item.type.startswith("WebTr")]
        assert [item.reason for item in found] == ([] if router.passes_udp else ["RouterWithoutUdp"]), name


def test_labels_of_the_user_never_take_the_place_of_ours() -> None:
    made = of("none", service={"labels": {"team": "chat"}, "annotations": {"example.com/a": "b"}})
    given = made.spec.routing.service
    assert given is not None
    hostile = given.model_copy(update={"labels": {"team": "chat", "socketio-operator.dev/cluster": "other"}})
    changed = made.spec.routing.model_copy(update={"service": hostile})
    meta = route(replace(made, spec=made.spec.model_copy(update={"routing": changed})))[Ref("Service", "chat-route")]
    assert meta["metadata"]["labels"]["team"] == "chat"
    assert meta["metadata"]["labels"]["socketio-operator.dev/cluster"] == "chat"
    assert meta["metadata"]["annotations"] == {"example.com/a": "b"}


HOSTILE = ["a b", "a;b", "a`) || Host(`x", "a\nb", "$a", 'a"b', "a{b}", "a'b", "a#b", "a,b", "a=b"]


def fields(text: str) -> Iterator[dict[str, Any]]:
    yield {"host": text}
    yield {"path": f"/{text}"}
    yield {"affinity": "cookie", "cookie": {"name": text}}


@pytest.mark.parametrize("text", HOSTILE)
def test_what_a_router_could_take_for_more_than_a_value_is_refused(text: str) -> None:
    for router, implementation in WAYS:
        for changed in fields(text):
            assert validate(body({**LEAST, "routing": routing(router, implementation) | changed})), (router, changed)


@given(st.from_regex(r"[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?(\.[a-z0-9]+)*", fullmatch=True), st.integers(1, 10))
def test_no_text_of_a_user_is_in_the_method_of_f5(host: str, seconds: int) -> None:
    made = cluster(
        routing={"host": host[:253].rstrip(".-"), "router": "f5-nginx", "timeouts": {"readSeconds": seconds * 100}}
    )
    assert annotations(made)["nginx.org/lb-method"] == "hash $remote_addr consistent"
