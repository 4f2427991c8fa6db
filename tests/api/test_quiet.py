"""Nobody is cut off by us: no write without need, whatever happens to the operator."""

import signal
import time
from functools import partial
from typing import Any

import pytest

from socketio_operator.desired.kinds import OPTIONAL_KINDS
from socketio_operator.plan.conditions import STEADY_SECONDS
from tests import crds
from tests.api.conftest import Apply, pods_are_still
from tests.api.test_reconcile import CHILDREN, all_there, children, generation_seen
from tests.api.test_redis import redis_as_deployment
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import (
    OperatorProcess,
    audit_position,
    operator_requests,
    operator_writes,
    wait_synced,
)

pytestmark = pytest.mark.api

REST_SECONDS = 60


def settle(cluster: Cluster, namespace: str, wait_for: WaitFor, quiet_seconds: float = 4) -> None:
    """Waits until the operator has written nothing for a while: what it reacts to is done."""
    position, since = audit_position(cluster), time.monotonic()

    def quiet() -> bool:
        nonlocal position, since
        if operator_writes(cluster, position, namespace):
            position, since = audit_position(cluster), time.monotonic()
        return time.monotonic() - since > quiet_seconds

    wait_for(quiet, 90, "an operator at rest")


def test_at_rest_nothing_is_written(
    apply: Apply, kubectl: Kubectl, namespace: str, cluster: Cluster, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    # Without replicas nothing outside the operator moves either.
    apply(replicas=0, adapter={"type": "none"})
    apply("second", replicas=0, adapter={"type": "none"}, resources={"requests": {"cpu": "1000m", "memory": "0.5Gi"}})
    wait_for(lambda: kubectl("get", "ingress", "second"), 15, "the children")
    settle(cluster, namespace, wait_for)
    position = audit_position(cluster)
    time.sleep(REST_SECONDS)
    requests = operator_requests(cluster, position, namespace)
    assert operator_writes(cluster, position, namespace) == []
    assert [request for request in requests if request["verb"] == "get"], "the resync looked, so silence means rest"
    # Control: the same count sees a write when there is one to see.
    kubectl("delete", "ingress", "second")
    wait_for(lambda: operator_writes(cluster, position, namespace), 15, "the write that brings the Ingress back")


def generations(kubectl: Kubectl) -> dict[str, int]:
    """Of what runs pods: a new one may restart them."""
    workloads = {ref: item for ref, item in children(kubectl).items() if item["kind"] in ("Deployment", "StatefulSet")}
    return {ref: item["metadata"]["generation"] for ref, item in workloads.items()}


# What the API server may store otherwise than it was sent.
SETTINGS: dict[str, Any] = {
    "minReadySeconds": 5,
    "probes": {"startupSeconds": 60},
    "pod": {
        "topologySpreadConstraints": [{"topologyKey": "topology.kubernetes.io/zone", "maxSkew": 2}],
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}], "searches": ["example.com"]},
        "hostAliases": [{"ip": "10.0.0.8", "hostnames": ["legacy.example"]}],
        "terminationGracePeriodSeconds": 300,
    },
    "networkPolicy": {
        "clients": [{"cidr": "10.0.0.0/8"}, {"namespaceSelector": {"matchLabels": {"edge": "true"}}}],
        "monitoring": [
            {"namespaceSelector": {"matchLabels": {}}, "podSelector": {"matchLabels": {"app": "prometheus"}}}
        ],
    },
}


def test_killed_and_started_again_it_writes_nothing(
    apply: Apply, kubectl: Kubectl, namespace: str, cluster: Cluster, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    storage = {"managed": {"storage": {"size": "0.5Gi"}}}
    apply(replicas=0, resources={"requests": {"cpu": "1000m", "memory": "0.5Gi"}}, adapter=storage)
    wait_for(lambda: set(children(kubectl)) == {*CHILDREN, "PersistentVolumeClaim/chat-redis"}, 15, "all children")
    apply("second", replicas=0, **SETTINGS)
    wait_for(lambda: kubectl("get", "deployment/second", "networkpolicy/second"), 15, "those of the second")
    wait_for(lambda: pods_are_still(kubectl), 60, "the end of what pods go through")
    # Where Redis runs, that it is ready is not told before.
    settle(cluster, namespace, wait_for, STEADY_SECONDS + 1)
    before = generations(kubectl)
    ingress = children(kubectl)["Ingress/chat"]["metadata"]["resourceVersion"]
    assert operator.stop(signal.SIGKILL) == -signal.SIGKILL
    position, log = audit_position(cluster), operator.log.stat().st_size
    operator.start()
    wait_synced(operator, log)
    settle(cluster, namespace, wait_for)
    assert operator_writes(cluster, position, namespace) == []
    after = generations(kubectl)
    assert before == after
    assert children(kubectl)["Ingress/chat"]["metadata"]["resourceVersion"] == ingress


def _has_written(cluster: Cluster, position: int, namespace: str, count: int) -> bool:
    return len(operator_writes(cluster, position, namespace)) >= count


def test_killed_at_any_time_the_state_converges(
    apply: Apply, kubectl: Kubectl, namespace: str, cluster: Cluster, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    """Killed after each of its first writes in turn, it ends up where an undisturbed one does."""
    for kill_after in range(1, 11):
        operator.stop()
        position, name = audit_position(cluster), f"c{kill_after}"
        apply(name, replicas=0)
        operator.start()
        enough = partial(_has_written, cluster, position, namespace, kill_after)
        wait_for(enough, 20, f"{kill_after} writes")
        operator.stop(signal.SIGKILL)
        operator.start()
        wait_for(partial(kubectl, "get", "ingress", name), 20, f"the last child of {name}")
    wait_for(lambda: len(children(kubectl)) == 10 * len(CHILDREN), 20, "all children of all")


def test_changes_while_it_was_away_are_made_up_for(
    apply: Apply, kubectl: Kubectl, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    apply()
    apply("gone")
    wait_for(lambda: kubectl("get", "ingress", "gone"), 15, "all children")
    operator.stop(signal.SIGKILL)
    apply(replicas=6)
    kubectl("delete", "sio", "gone")
    kubectl("delete", "service", "chat-redis")
    operator.start()
    wait_for(lambda: children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 6, 20, "six replicas")
    wait_for(lambda: "Service/chat-redis" in children(kubectl), 20, "the Service again")
    wait_for(lambda: not [ref for ref in children(kubectl) if "gone" in ref], 30, "nothing of the deleted one")
    wait_for(lambda: generation_seen(kubectl), 15, "a status")


def left_over(kubectl: Kubectl, kind: str) -> None:
    """An object of ours that nothing wants, as another router would leave it."""
    found = kubectl.json("get", kind, "chat")
    meta = {key: found["metadata"][key] for key in ("labels", "ownerReferences")} | {"name": "chat-left-over"}
    kubectl.apply({key: value for key, value in found.items() if key != "status"} | {"metadata": meta})


def routes_come_and_go(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    """Routes of all optional kinds are made, looked for when their watches lose them, and retired."""
    implementations = ("traefik", "envoy-gateway", "nginx-gateway-fabric")
    at_rest: dict[str, Any] = {"replicas": 0, "adapter": {"type": "none"}}
    routings: dict[str, dict[str, Any]] = {
        f"route-{name}": {"router": "gateway", "gateway": {"name": "public", "implementation": name}}
        for name in implementations
    } | {"route-own": {"router": "traefik"}}
    for name, routing in routings.items():
        apply(name, **at_rest, routing={"host": "a.localhost", **routing})
    objects = [
        *(f"httproute/route-{name}" for name in implementations),
        "ingressroute/route-own",
        "traefikservice/route-traefik",
        "backendtrafficpolicy/route-envoy-gateway",
        "upstreamsettingspolicy/route-nginx-gateway-fabric",
        "clientsettingspolicy/route-nginx-gateway-fabric",
    ]
    for one in objects:
        wait_for(partial(kubectl, "get", one), 20, one)
        # As with the children below: only a read tells that it is there, and ours.
        kubectl("label", one, "app.kubernetes.io/managed-by-")
        wait_for(partial(_is_labelled, kubectl, one), 20, f"the label of {one}")
    for name in routings:
        apply(name, **at_rest, routing={"host": "a.localhost", "router": "none"})
    for one in objects:
        wait_for(partial(_is_gone, kubectl, one), 30, f"the end of {one}")


def _is_labelled(kubectl: Kubectl, ref: str) -> bool:
    return "app.kubernetes.io/managed-by" in kubectl.json("get", ref)["metadata"]["labels"]


def _is_gone(kubectl: Kubectl, ref: str) -> bool:
    return not kubectl("get", ref, "--ignore-not-found")


def test_rights_are_those_that_are_used(
    apply: Apply, kubectl: Kubectl, namespace: str, cluster: Cluster, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    """A whole life of a cluster uses every right of the ClusterRole, and no request is refused."""
    crds.install(kubectl, *OPTIONAL_KINDS)
    operator.stop()
    position = audit_position(cluster)
    operator.start()
    routes_come_and_go(apply, kubectl, wait_for)
    for name in kubectl("get", "sio", "-o", "name").split():
        kubectl("delete", name, "--wait")
    wait_for(lambda: not children(kubectl), 30, "the end of what these clusters were made of")
    apply(replicas=0)
    wait_for(all_there(kubectl), 15, "all children")
    redis_as_deployment(kubectl)
    wait_for(all_there(kubectl), 20, "the end of Redis as a Deployment")
    stored = {"managed": {"storage": {"size": "1Gi"}}}
    apply(replicas=0, adapter=stored)
    wait_for(lambda: "PersistentVolumeClaim/chat-redis" in children(kubectl), 15, "the claim")
    apply(replicas=0, adapter=stored, image="registry.local/none:2")
    whole = {*CHILDREN, "PersistentVolumeClaim/chat-redis"}
    wait_for(lambda: set(children(kubectl)) == whole, 15, "all children")
    for ref in whole:
        # It vanishes from the watches; only a read tells that it is there, and ours.
        kubectl("label", ref, "app.kubernetes.io/managed-by-")
    wait_for(lambda: set(children(kubectl)) == whole, 20, "all labels")
    for kind in ("serviceaccount", "ingress", "poddisruptionbudget"):
        left_over(kubectl, kind)
    apply(replicas=0, image="registry.local/none:2", adapter={"type": "none"})
    wait_for(lambda: not [ref for ref in children(kubectl) if "redis" in ref], 20, "Redis gone")
    wait_for(lambda: not [ref for ref in children(kubectl) if "left-over" in ref], 20, "what nothing wants gone")
    requests = operator_requests(cluster, position, namespace)
    assert [request for request in requests if request["code"] == 403] == []
    used = {(request["group"], request["resource"], request["verb"]) for request in requests}
    role = kubectl.json("get", "clusterrole", "socketio-operator")
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    # The right to create is asked for by a server-side apply that creates; the log calls both `patch`.
    applied = {(group, resource, "create") for group, resource, verb in used if verb == "patch"}
    assert granted - used - applied == set()
    assert not [entry for entry in used if entry[1] == "secrets" and entry[2] in ("list", "watch")]
