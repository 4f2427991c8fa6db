"""Several hosts and paths lead to the same pods, by every router and every program, each with its certificate."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.proxy.programs import PROGRAMS
from socketio_operator.desired.references import needed_secrets
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.report import status_of
from tests.unit.samples import LEAST, body, children
from tests.unit.test_routers import WAYS, routing

NAMES = ["chat.example.com", "*.chat.example.com", "www.example.com"]
HOSTS: dict[str, Any] = {"hosts": [{"name": name} for name in NAMES[1:]]}
PATHS: dict[str, Any] = {"path": "/chat", "paths": ["/api/", "/up/load"]}
OWN: dict[str, Any] = {
    "hosts": [{"name": "www.example.com", "tls": {"secretName": "www-tls"}}],
    "tls": {"secretName": "chat-tls"},
}
WITH_AN_INGRESS = ("ingress-nginx", "f5-nginx", "haproxy-ingress", "haproxytech")


def spec(*way: str, **more: Any) -> dict[str, Any]:
    return {**LEAST, "engine": {"path": "/chat/socket.io"}, "routing": routing(*way, **more)}


def made(*way: str, **more: Any) -> SocketIOCluster:
    assert validate(body(spec(*way, **more))) == []
    return SocketIOCluster.parse(body(spec(*way, **more)))


def refusals(*way: str, **more: Any) -> str:
    return "\n".join(map(str, validate(body(spec(*way, **more)))))


@pytest.mark.parametrize("router", [*WITH_AN_INGRESS, "traefik"])
def test_an_ingress_has_each_path_of_each_host(router: str) -> None:
    rules = children(made(router, "", "none", **HOSTS, **PATHS))[Ref("Ingress", "chat")]["spec"]["rules"]
    assert [rule["host"] for rule in rules] == NAMES
    for rule in rules:
        assert [path["path"] for path in rule["http"]["paths"]] == ["/chat", "/api/", "/up/load"]
        assert len({str(path["backend"]) for path in rule["http"]["paths"]}) == 1


def test_an_ingress_route_takes_a_wildcard_as_one_label() -> None:
    found = children(made("traefik", **HOSTS, **PATHS))[Ref("IngressRoute", "chat")]["spec"]["routes"]
    assert [route["match"] for route in found] == [
        "(Host(`chat.example.com`) || HostRegexp(`^[a-zA-Z0-9-]+[.]chat[.]example[.]com$`) || Host(`www.example.com`))"
        " && (PathPrefix(`/chat`) || PathPrefix(`/api/`) || PathPrefix(`/up/load`))"
    ]


def test_an_http_route_has_all_hosts_and_a_match_of_each_path() -> None:
    found = children(made("gateway", "other", "none", **HOSTS, **PATHS))[Ref("HTTPRoute", "chat")]["spec"]
    assert found["hostnames"] == NAMES
    assert [match["path"]["value"] for match in found["rules"][0]["matches"]] == ["/chat", "/api", "/up/load"]


def configuration(program: str, **more: Any) -> str:
    return "\n".join(
        PROGRAMS[program].configuration(made("proxy", "", "none", proxy={"type": program}, **more)).values()
    )


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_proxy_passes_each_path_on_and_nothing_else(program: str) -> None:
    several, whole = configuration(program, **PATHS), configuration(program)
    for path in ("/chat", "/api", "/up/load"):
        assert f"{path}/" in several
        assert path not in whole
    assert several.count("/api") == several.count("/chat") == several.count("/up/load")
    assert (
        "404 unless" in several or "return 404" in several or "RedirectMatch 404" in several
    ) or program == "traefik"
    assert "PathPrefix(`/`)" not in several


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_proxy_takes_every_host(program: str) -> None:
    one = configuration(program, host="chat.example.com")
    assert configuration(program, host="*.chat.example.com").replace(".chat.example.com", "") == one.replace(
        ".chat.example.com", ""
    )
    assert configuration(program, **HOSTS) == one


@pytest.mark.parametrize("router", WITH_AN_INGRESS)
def test_a_host_may_have_a_certificate_of_its_own(router: str) -> None:
    of = made(router, "", "clientIP", **OWN)
    assert children(of)[Ref("Ingress", "chat")]["spec"]["tls"] == [
        {"hosts": ["chat.example.com"], "secretName": "chat-tls"},
        {"hosts": ["www.example.com"], "secretName": "www-tls"},
    ]
    needs = {need.name: need.field for need in needed_secrets(of) if need.for_route}
    assert needs == {"chat-tls": "spec.routing.tls.secretName", "www-tls": "spec.routing.hosts www.example.com"}


@pytest.mark.parametrize("router", [name for name in ROUTERS if name not in WITH_AN_INGRESS])
def test_a_certificate_of_its_own_is_refused_where_nothing_reads_it(router: str) -> None:
    assert "needs an Ingress" in refusals(router, "other", "clientIP", **OWN)
    assert ("needs an Ingress" in refusals(router, "other", "none", **OWN)) == (router != "traefik")
    assert refusals(router, "other", "none", hosts=[{"name": "www.example.com"}], tls=OWN["tls"]) == ""


def test_the_certificate_of_the_route_is_for_all_without_one() -> None:
    of = made("ingress-nginx", "", "clientIP", **HOSTS, tls={"secretName": "chat-tls"})
    assert children(of)[Ref("Ingress", "chat")]["spec"]["tls"] == [{"hosts": NAMES, "secretName": "chat-tls"}]


@pytest.mark.parametrize(("router", "implementation"), WAYS)
def test_a_wildcard_is_a_host_to_every_router(router: str, implementation: str) -> None:
    assert refusals(router, implementation, "none", host="*.example.com") == ""


@pytest.mark.parametrize(
    ("hosts", "url"),
    [
        (["a.example"], "http://a.example/"),
        (["a.example", "b.example"], "http://a.example/"),
        (["*.a.example", "*.b.example", "b.example"], "http://b.example/"),
        (["*.a.example"], "http://*.a.example/"),
    ],
)
def test_the_url_is_that_of_the_first_host_that_is_one(hosts: list[str], url: str) -> None:
    first, *further = hosts
    of = made("ingress-nginx", host=first, hosts=[{"name": name} for name in further])
    assert status_of(of, Observed({}), (), {}, "2026-01-01T00:00:00Z")["url"] == url


@pytest.mark.parametrize("host", ["*", "*.", "*example.com", "a.*.example", "*.*.example", "-a.example", "a..b"])
def test_what_is_no_host_is_none_anywhere(host: str) -> None:
    assert "routing.host must be a DNS name" in refusals("ingress-nginx", host=host)
    assert "routing.hosts must be a DNS name" in refusals("ingress-nginx", hosts=[{"name": host}])


@pytest.mark.parametrize(
    ("path", "paths"),
    [("/", ["/a"]), ("/a", ["/"]), ("/a", ["/a"]), ("/a", ["/a/"]), ("/a", ["/b", "/b/"]), ("/a", ["/a/b"])],
)
def test_paths_within_each_other_are_refused(path: str, paths: list[str]) -> None:
    assert "must lie beside each other" in refusals("ingress-nginx", path=path, paths=paths)


def test_paths_that_only_begin_alike_are_beside_each_other() -> None:
    assert refusals("ingress-nginx", path="/chat", paths=["/chat2", "/cha"]) == ""


def test_the_engine_lies_below_any_of_the_paths() -> None:
    assert refusals("ingress-nginx", path="/a", paths=["/b", "/chat"]) == ""
    assert "one of routing.paths" in refusals("ingress-nginx", path="/a", paths=["/b", "/chat/socket"])
