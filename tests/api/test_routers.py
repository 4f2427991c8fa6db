"""Routes for controllers of others: accepted with their published CRDs, and told where these are missing."""

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import CHILD_KINDS, OPTIONAL_KINDS, Ref, ref_of
from socketio_operator.desired.routers import ROUTERS
from tests import crds
from tests.api.conftest import Apply
from tests.api.test_quiet import settle
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess, audit_position, operator_requests, operator_writes, wait_synced
from tests.unit.test_routers import CASES, routing

pytestmark = pytest.mark.api

PLURALS = {kind.plural for kind in OPTIONAL_KINDS}
AT_REST: dict[str, Any] = {"replicas": 0, "adapter": {"type": "none"}}
# The operator looks every 5 s while a cluster waits.
SEEN_SECONDS = 12
WAYS = {
    "chat-hash": ("traefik", ""),
    "chat-traefik": ("gateway", "traefik"),
    "chat-envoy": ("gateway", "envoy-gateway"),
    "chat-fabric": ("gateway", "nginx-gateway-fabric"),
}


@pytest.fixture(scope="module")
def admin(cluster: Cluster) -> Iterator[Kubectl]:
    """kubectl for CRDs. They are there again at the end, as the next tests of the package find them."""
    kubectl = Kubectl(cluster, "default")
    yield kubectl
    crds.uninstall(kubectl, *OPTIONAL_KINDS)


@pytest.fixture
def installed(admin: Kubectl, operator: OperatorProcess) -> Kubectl:
    crds.install(admin, *OPTIONAL_KINDS)
    return admin


def condition(kubectl: Kubectl, name: str, type_: str) -> dict[str, Any] | None:
    found = kubectl.json("get", "sio", name)["status"].get("conditions", ())
    return next((item for item in found if item["type"] == type_), None)


def not_installed(kubectl: Kubectl, name: str) -> str | None:
    stalled = condition(kubectl, name, "Stalled")
    return stalled["message"] if stalled and stalled["reason"] == "RouterNotInstalled" else None


def exists(kubectl: Kubectl, refs: list[Ref]) -> bool:
    for ref in refs:
        kubectl("get", _resource(ref), ref.name)
    return True


def _resource(ref: Ref) -> str:
    kind = CHILD_KINDS[ref.kind]
    group = kind.api_version.rpartition("/")[0].partition("/")[0]
    return f"{kind.plural}.{group}" if group else kind.plural


def route_of(kubectl: Kubectl, name: str) -> list[Ref]:
    """The parts of the route that the spec of a cluster asks for."""
    made = SocketIOCluster.parse(kubectl.json("get", "sio", name))
    return [ref_of(one) for one in ROUTERS[made.spec.routing.router].build(made, Inputs())]


def test_what_is_not_installed_is_told_not_asked_for_and_made_once_it_is(
    apply: Apply,
    admin: Kubectl,
    kubectl: Kubectl,
    cluster: Cluster,
    namespace: str,
    operator: OperatorProcess,
    wait_for: WaitFor,
) -> None:
    crds.uninstall(admin, *OPTIONAL_KINDS)
    operator.stop()
    position, log = audit_position(cluster), operator.log.stat().st_size
    operator.start()
    wait_synced(operator, log)
    for name, way in WAYS.items():
        apply(name, **AT_REST, routing=routing(*way))
    for name in WAYS:
        message = wait_for(partial(not_installed, kubectl, name), 20, f"what {name} lacks")
        assert "is not served by this cluster; install " in message
        assert exists(kubectl, [Ref("Deployment", name), Ref("Service", name)]), "pods are made all the same"
    requests = operator_requests(cluster, position)
    assert [request for request in requests if request["resource"] in PLURALS] == []
    crds.install(admin, *OPTIONAL_KINDS)
    began = time.monotonic()
    for name in WAYS:
        refs = route_of(kubectl, name)
        wait_for(partial(exists, kubectl, refs), SEEN_SECONDS - (time.monotonic() - began), f"the route of {name}")
        wait_for(partial(_is_whole, kubectl, name), 15, f"{name} without a complaint")


def _is_whole(kubectl: Kubectl, name: str) -> bool:
    return condition(kubectl, name, "Stalled") is None


@pytest.mark.usefixtures("installed")
def test_every_route_is_accepted_and_stays_as_it_is(
    apply: Apply, kubectl: Kubectl, cluster: Cluster, namespace: str, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    names = {}
    for number, (router, implementation, affinity) in enumerate(CASES):
        cookie = {"cookie": {"maxAgeSeconds": 3600}} if affinity == "cookie" else {}
        names[f"c{number}"] = routing(router, implementation, affinity, host=f"c{number}.localhost", **cookie)
        apply(f"c{number}", **AT_REST, routing=names[f"c{number}"])
    for name, asked in names.items():
        refs = route_of(kubectl, name)
        wait_for(partial(exists, kubectl, refs), 60, f"the route of {asked}")
        wait_for(partial(_is_whole, kubectl, name), 15, f"{name} without a complaint")
        lacks = condition(kubectl, name, "AffinityUnavailable")
        effective = kubectl.json("get", "sio", name)["status"]["effective"]["affinity"]
        assert (lacks is None) == (effective == asked["affinity"]), asked
    settle(cluster, namespace, wait_for)
    position, log = audit_position(cluster), operator.log.stat().st_size
    operator.stop()
    operator.start()
    wait_synced(operator, log)
    settle(cluster, namespace, wait_for)
    assert operator_writes(cluster, position, namespace) == [], "no default of a CRD looks like drift"


@pytest.mark.usefixtures("installed")
def test_a_change_of_router_makes_the_new_route_and_ends_the_old_one(
    apply: Apply, kubectl: Kubectl, cluster: Cluster, namespace: str, wait_for: WaitFor
) -> None:
    ways = [("ingress-nginx", ""), ("traefik", ""), ("gateway", "traefik"), ("haproxytech", ""), ("none", "")]
    before: list[Ref] = []
    for way in ways:
        position = audit_position(cluster)
        apply("chat", **AT_REST, routing=routing(*way))
        present = route_of(kubectl, "chat")
        left = [ref for ref in before if ref not in present]
        wait_for(partial(exists, kubectl, present), 30, f"the route of {way}")
        wait_for(partial(_are_gone, kubectl, left), 30, f"the end of {left}")
        verbs = [line.split()[0] for line in operator_writes(cluster, position, namespace) if "/status" not in line]
        assert verbs == sorted(verbs, key=["patch", "delete"].index), "all that is new before anything goes"
        before = present


def _are_gone(kubectl: Kubectl, refs: list[Ref]) -> bool:
    return not any(kubectl("get", _resource(ref), ref.name, "--ignore-not-found") for ref in refs)


def test_a_kind_that_goes_is_told_and_holds_up_no_start(
    installed: Kubectl,
    apply: Apply,
    kubectl: Kubectl,
    operator: OperatorProcess,
    wait_for: WaitFor,
) -> None:
    apply("chat", **AT_REST, routing=routing("gateway", "envoy-gateway"))
    wait_for(lambda: exists(kubectl, route_of(kubectl, "chat")), 90, "the route")
    crds.uninstall(installed, CHILD_KINDS["BackendTrafficPolicy"])
    message: Callable[[], str | None] = partial(not_installed, kubectl, "chat")
    assert "BackendTrafficPolicy" in wait_for(message, SEEN_SECONDS, "what is missing")
    log = operator.log.stat().st_size
    operator.stop()
    operator.start()
    wait_synced(operator, log)
    apply("other", **AT_REST, routing=routing("f5-nginx"))
    wait_for(lambda: kubectl("get", "ingress", "other"), 20, "a cluster beside it")
    crds.install(installed, CHILD_KINDS["BackendTrafficPolicy"])
    wait_for(lambda: exists(kubectl, route_of(kubectl, "chat")), SEEN_SECONDS, "the policy again")


def test_the_control_sees_a_field_that_no_crd_knows(installed: Kubectl, kubectl: Kubectl, namespace: str) -> None:
    """Acceptance would mean nothing with CRDs that take everything."""
    for kind in crds.PUBLISHED:
        odd = {
            "apiVersion": CHILD_KINDS[kind].api_version,
            "kind": kind,
            "metadata": {"name": "odd", "namespace": namespace},
            "spec": {"noSuchField": True},
        }
        with pytest.raises(Exception, match="noSuchField"):
            kubectl("apply", "--server-side", "--validate=strict", "-f", "-", input=json.dumps(odd))
