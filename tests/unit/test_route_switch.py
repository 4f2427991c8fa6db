"""From one router to another: the new route is there before the old one goes, and what cannot be made is told."""

from datetime import UTC, datetime
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import wanted_children
from socketio_operator.desired.kinds import OPTIONAL_KINDS, Ref
from socketio_operator.desired.routers import ROUTERS
from socketio_operator.plan.condition import Condition
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.problem import Scope
from tests.unit.samples import INPUTS, as_stored, children, cluster, picture
from tests.unit.test_plan import SETTLED, decided, summary, world
from tests.unit.test_routers import CASES, of, route

SERVER = Ref("Deployment", "chat")
EVERYTHING = frozenset(kind.kind for kind in OPTIONAL_KINDS)


def with_route(live: dict[Ref, Any], made: SocketIOCluster) -> dict[Ref, Any]:
    """`live` after the route of `made` was applied as well, and the pods know of it where they must."""
    pods = {SERVER: as_stored(children(made)[SERVER], status=live[SERVER]["status"])}
    return {**live, **pods, **{ref: as_stored(manifest) for ref, manifest in route(made).items()}}


def writes(made: SocketIOCluster, live: dict[Ref, Any]) -> list[tuple[str, str]]:
    return summary(decided(made, live))


@pytest.mark.parametrize("before", CASES)
@pytest.mark.parametrize("after", CASES)
def test_the_old_route_goes_after_the_new_one_is_there(before: Any, after: Any) -> None:
    old, new = of(*before), of(*after)
    had, wanted = route(old), route(new)
    first, left = writes(new, world(old)), sorted(("delete", str(ref)) for ref in had.keys() - wanted.keys())
    if any(had.get(ref) != manifest for ref, manifest in wanted.items()):
        assert {verb for verb, _ in first} & {"apply", "create"}
        assert "delete" not in {verb for verb, _ in first}
    else:
        assert first == left, "all of the new route was there"
    assert writes(new, with_route(world(old), new)) == left


def test_an_ingress_of_the_same_name_is_changed_in_place() -> None:
    assert writes(of("f5-nginx"), world(of("ingress-nginx"))) == [("apply", "Ingress chat")]


def test_the_old_route_stays_while_controllers_read_the_new_one() -> None:
    old, new = of("ingress-nginx"), of("gateway", "traefik")
    live = with_route(world(old), new)
    live[Ref("HTTPRoute", "chat")]["metadata"]["creationTimestamp"] = "2026-11-25T12:00:00Z"
    for seconds, wait in ((0, 15), (14, 1)):
        decision = decided(new, live, now=datetime(2026, 11, 25, 12, 0, seconds, tzinfo=UTC))
        assert (summary(decision), decision.look_again) == ([], wait)
    decision = decided(new, live, now=datetime(2026, 11, 25, 12, 0, 15, tzinfo=UTC))
    assert (summary(decision), decision.look_again) == ([("delete", "Ingress chat")], None)


def test_a_new_route_with_nothing_to_retire_is_not_looked_at_again() -> None:
    made = of("gateway", "traefik")
    live = world(made)
    live[Ref("HTTPRoute", "chat")]["metadata"]["creationTimestamp"] = "2026-11-25T12:00:00Z"
    decision = decided(made, live, now=datetime(2026, 11, 25, 12, 0, 1, tzinfo=UTC))
    assert (summary(decision), decision.look_again) == ([], None)


def test_a_part_of_the_new_route_is_not_enough() -> None:
    old, new = of("ingress-nginx"), of("gateway", "traefik")
    live = with_route(world(old), new)
    del live[Ref("HTTPRoute", "chat")]
    assert writes(new, live) == [("create", "HTTPRoute chat")]


def test_nothing_goes_while_pods_are_replaced() -> None:
    old, new = of("ingress-nginx"), of("gateway", "traefik")
    live = with_route(world(old), new)
    live[SERVER]["status"] = {**SETTLED, "replicas": 3}
    assert writes(new, live) == []


def test_services_of_a_route_are_made_before_what_leads_to_them() -> None:
    made = wanted_children(of("haproxytech"), INPUTS)
    stages = {one.ref: one.stage for one in made}
    assert stages[Ref("Service", "chat-route")] < stages[Ref("Ingress", "chat")]


def told(made: SocketIOCluster, live: dict[Ref, Any], **seen: Any) -> dict[str, Condition]:
    found = conditions(made, decided(made, live, **seen), picture(live, **seen))
    return {condition.type: condition for condition in found}


def test_a_kind_that_is_not_served_is_told_and_never_asked_for() -> None:
    old, new = of("ingress-nginx"), of("gateway", "traefik")
    decision = decided(new, world(old), unserved=EVERYTHING)
    assert summary(decision) == [], "neither made, nor does the route that serves go"
    assert [(problem.scope, problem.child) for problem in decision.problems] == [
        (Scope.CHILD, Ref("TraefikService", "chat")),
        (Scope.CHILD, Ref("HTTPRoute", "chat")),
    ]
    found = told(new, world(old), unserved=EVERYTHING)
    message = (
        "TraefikService (traefik.io/v1alpha1) is not served by this cluster; install Traefik's CRDs (provider "
        "kubernetescrd), version 3, or set spec.routing.router to another."
    )
    assert (found["Stalled"].reason, found["Stalled"].message) == ("RouterNotInstalled", message)
    assert (found["Ready"].status, found["Available"].status) == (False, True)


def test_what_is_served_is_made_beside_what_is_not() -> None:
    new = of("gateway", "envoy-gateway")
    decision = decided(new, world(of("ingress-nginx")), unserved=frozenset({"BackendTrafficPolicy"}))
    assert summary(decision) == [("create", "HTTPRoute chat")]


def test_pods_are_made_whatever_the_route_lacks() -> None:
    made = summary(decided(of("gateway", "traefik"), {}, unserved=EVERYTHING))
    assert ("create", "Deployment chat") in made
    assert not [ref for _, ref in made if ref.split()[0] in EVERYTHING]


def test_children_of_a_kind_that_is_gone_are_not_deleted_by_us() -> None:
    live = with_route(world(of("ingress-nginx")), of("gateway", "traefik"))
    assert summary(decided(of("ingress-nginx"), live, unserved=EVERYTHING)) == []
    assert summary(decided(of("ingress-nginx"), live)) == [
        ("delete", "HTTPRoute chat"),
        ("delete", "TraefikService chat"),
    ]


@pytest.mark.parametrize("case", CASES)
def test_an_affinity_that_cannot_be_had_is_told_while_that_is_so(case: Any) -> None:
    made = of(*case)
    found = told(made, world(made))
    had = ROUTERS[case[0]].affinity(made) == case[2]
    assert ("AffinityUnavailable" in found) == (not had)
    assert found["Ready"].status is True, "sessions find their pods all the same"


def test_the_sentence_says_what_is_missing_what_happens_and_what_to_set() -> None:
    made = of("gateway", "nginx-gateway-fabric", "cookie")
    condition = told(made, world(made))["AffinityUnavailable"]
    assert (condition.status, condition.reason) == (True, "NginxGatewayFabricWithoutCookie")
    assert condition.message == (
        "NGINX Gateway Fabric on open source nginx keeps no client on its pod by a cookie: sessions find their pods by "
        "forwarding between the pods; set spec.routing.affinity to clientIP or none."
    )
    bare = cluster(runtime={"inject": "none"}, routing={"host": "a.example", "router": "none", "affinity": "cookie"})
    assert "sessions of clients that poll do not last;" in told(bare, world(bare))["AffinityUnavailable"].message
