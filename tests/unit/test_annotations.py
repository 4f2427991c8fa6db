"""Annotations and labels of users: what passes reaches the route, and nothing that a controller takes for more."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.api.annotations import HARMLESS, PREFIXES
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.manifest import Manifest
from tests.unit.samples import LEAST, body, children
from tests.unit.test_routers import CASES, WAYS, of, route, routing

WITH_A_ROUTE = [way for way in WAYS if way[0] not in ("direct", "none")]
ROUTES = ("Ingress", "IngressRoute", "HTTPRoute")
PASSING = {
    "cert-manager.io/cluster-issuer": "letsencrypt",
    "acme.cert-manager.io/http01-edit-in-place": "true",
    "external-dns.alpha.kubernetes.io/hostname": "chat.example.com,www.example.com",
    "service.beta.kubernetes.io/aws-load-balancer-attributes": "a=b;c=d",
    "alb.ingress.kubernetes.io/actions.redirect": '{"Type": "redirect"}',
    "kubernetes.io/ingress.global-static-ip-name": "chat",
    "cloud.google.com/neg": '{"ingress": true}',
    "example.com/team": "chat\nand others",
    "team": "chat",
}
# key -> part of the sentence that refuses it
REFUSED = {
    "socketio-operator.dev/config-hash": "is set by the operator",
    "app.kubernetes.io/name": "is set by the operator",
    "kubernetes.io/ingress.class": "is set by the operator",
    "kubectl.kubernetes.io/last-applied-configuration": "is set by the operator or by Kubernetes",
    "nginx.ingress.kubernetes.io/configuration-snippet": "would be configuration of the controller",
    "nginx.ingress.kubernetes.io/server-snippet": "would be configuration of the controller",
    "nginx.ingress.kubernetes.io/stream-snippet": "would be configuration of the controller",
    "nginx.ingress.kubernetes.io/auth-snippet": "would be configuration of the controller",
    "nginx.ingress.kubernetes.io/modsecurity-snippet": "would be configuration of the controller",
    "nginx.org/location-snippets": "would be configuration of the controller",
    "nginx.org/server-snippets": "would be configuration of the controller",
    "haproxy.org/backend-config-snippet": "would be configuration of the controller",
    "haproxy-ingress.github.io/config-backend": "would be configuration of the controller",
    "ingress.kubernetes.io/config-backend": "would be configuration of the controller",
    "custom.example/server-snippet": "would be configuration of the controller",
    "nginx.ingress.kubernetes.io/upstream-hash-by": "is a setting of the controller",
    "nginx.ingress.kubernetes.io/proxy-read-timeout": "is a setting of the controller",
    "nginx.ingress.kubernetes.io/rewrite-target": "is a setting of the controller",
    "nginx.org/lb-method": "is a setting of the controller",
    "nginx.com/sticky-cookie-services": "is a setting of the controller",
    "haproxy-ingress.github.io/auth-url": "is a setting of the controller",
    "haproxy.org/load-balance": "is a setting of the controller",
    "haproxy.com/anything": "is a setting of the controller",
    "ingress.kubernetes.io/ssl-passthrough": "is a setting of the controller",
    "traefik.ingress.kubernetes.io/router.middlewares": "is a setting of the controller",
    "traefik.ingress.kubernetes.io/service.sticky.cookie": "is a setting of the controller",
}


def refusals(annotations: dict[str, str], **more: Any) -> list[str]:
    given = {"host": "chat.example.com", "annotations": annotations, **more}
    return [str(problem) for problem in validate(body({**LEAST, "routing": given}))]


def of_service(annotations: dict[str, str]) -> list[str]:
    given = routing("none", "", "none", service={"annotations": annotations})
    return [str(problem) for problem in validate(body({**LEAST, "routing": given}))]


@pytest.mark.parametrize("key", REFUSED)
def test_a_key_that_is_refused_is_named(key: str) -> None:
    for said, field in ((refusals({key: "1"}), "routing.annotations"), (of_service({key: "1"}), "service.annotations")):
        assert len(said) == 1
        assert f"{field}: {key} {REFUSED[key]}" in said[0]


def test_what_belongs_to_others_passes() -> None:
    assert refusals(PASSING) == []
    assert of_service(PASSING) == []


def test_harmless_keys_pass_with_plain_values_alone() -> None:
    for prefix, names in HARMLESS.items():
        given = {f"{prefix}/{name}": "10.0.0.0/8, 2001:db8::/32" for name in names}
        assert refusals(given) == []
        for value in ("a\nb", "a;b", "a{b}", 'a"b', "a'b", "$a", "a#b", "a\\b", "a`b"):
            key = f"{prefix}/{names[0]}"
            assert f"{key} has a value of other characters" in refusals({key: value})[0]


def test_a_key_of_two_lines_is_refused_in_one() -> None:
    """As the API server does, which takes the general sentence then."""
    (said,) = refusals({"a\nb-snippet": "1"})
    assert "routing.annotations: a key would be configuration" in said
    assert len(said.splitlines()) == 1


def set_by_the_operator() -> set[str]:
    """The keys of all routes, in every form that they can have."""
    cookie = {"name": "pod", "maxAgeSeconds": 3600, "sameSite": "None"}
    found: set[str] = set()
    for router, implementation, affinity in CASES:
        for more in ({}, {"tls": {"secretName": "chat-tls"}}):
            with_cookie = {"cookie": cookie} if affinity == "cookie" and more else {}
            made = of(router, implementation, affinity, **more, **with_cookie)
            for manifest in route(made).values():
                found |= set(manifest["metadata"].get("annotations", {}))
    forwarded = of("ingress-nginx", clientAddress="forwardedFor")
    return found | set(route(forwarded)[Ref("Ingress", "chat")]["metadata"]["annotations"])


def test_no_key_that_the_operator_sets_passes() -> None:
    keys = set_by_the_operator()
    assert len(keys) > 30
    assert {key for key in keys if refusals({key: "1"}) == []} == set()
    assert {key.rpartition("/")[0] for key in keys} <= {*PREFIXES, "kubernetes.io"}


def takes_hosts(made: SocketIOCluster) -> list[Manifest]:
    return [one for one in children(made).values() if one["kind"] in ROUTES]


@pytest.mark.parametrize(("router", "implementation"), WITH_A_ROUTE)
@pytest.mark.parametrize("affinity", ["clientIP", "cookie"])
def test_they_are_added_to_what_takes_the_hosts(router: str, implementation: str, affinity: str) -> None:
    given = {"annotations": {"example.com/team": "chat"}, "labels": {"team": "chat"}}
    assert validate(body({**LEAST, "routing": routing(router, implementation, affinity, **given)})) == []
    (before,) = takes_hosts(of(router, implementation, affinity))
    (after,) = takes_hosts(of(router, implementation, affinity, **given))
    meta, former = after["metadata"], before["metadata"]
    assert meta["annotations"] == {"example.com/team": "chat", **former.get("annotations", {})}
    assert meta["labels"] == {"team": "chat", **former["labels"]}
    assert after["spec"] == before["spec"]


@pytest.mark.parametrize("router", ["proxy", "direct", "none"])
def test_without_an_object_for_them_they_are_refused(router: str) -> None:
    for given in ({"annotations": {"a": "b"}}, {"labels": {"a": "b"}}):
        (said,) = validate(body({**LEAST, "routing": routing(router, "", "none", **given)}))
        assert "set routing.service.annotations" in said.detail


def test_labels_of_ours_are_refused() -> None:
    given = routing("ingress-nginx", labels={"app.kubernetes.io/instance": "other"})
    (said,) = validate(body({**LEAST, "routing": given}))
    assert "routing.labels must not begin with" in said.detail
