"""The managed Redis on a real API server: where its data is, and its move from a Deployment to a StatefulSet."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.conftest import Apply, pods_are_still
from tests.api.test_problems import condition, stalled_for
from tests.api.test_reconcile import all_there, children, generation_seen
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]

HOLD = "example.com/hold"
CLAIM, STATEFUL_SET = "PersistentVolumeClaim/chat-redis", "StatefulSet/chat-redis"


def redis_as_deployment(kubectl: Kubectl) -> None:
    """Redis as earlier operators ran it, owned by the cluster."""
    owner = kubectl.json("get", "sio", "chat")
    labels = {"socketio-operator.dev/cluster": "chat", "socketio-operator.dev/component": "redis"}
    all_labels = {**labels, "app.kubernetes.io/managed-by": "socketio-operator"}
    reference = {key: owner[key] for key in ("apiVersion", "kind")} | {"controller": True}
    reference |= {key: owner["metadata"][key] for key in ("name", "uid")}
    restricted = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    container = {"name": "redis", "image": "registry.local/none:1", "securityContext": restricted}
    pod = {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 1000, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    kubectl.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "chat-redis", "labels": all_labels, "ownerReferences": [reference]},
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": all_labels}, "spec": pod},
            },
        }
    )


def redis_pods(kubectl: Kubectl) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = kubectl.json("get", "pods", "-l", "socketio-operator.dev/component=redis")["items"]
    return items


def test_redis_moves_from_its_deployment_once_the_pod_is_gone(
    apply: Apply, kubectl: Kubectl, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    apply(replicas=0)
    wait_for(all_there(kubectl), 15, "all children")
    server = children(kubectl)["Deployment/chat"]["metadata"]["generation"]
    # Redis hears no signal before it has started: it would stay for its grace period.
    wait_for(lambda: pods_are_still(kubectl), 60, "the end of what pods go through")
    operator.stop()
    kubectl("delete", "statefulset", "chat-redis")
    wait_for(lambda: not redis_pods(kubectl), 30, "no pod of Redis")
    redis_as_deployment(kubectl)
    (old,) = wait_for(lambda: redis_pods(kubectl), 20, "a pod of the Deployment")
    name = old["metadata"]["name"]
    kubectl("patch", "pod", name, "--type=merge", "-p", json.dumps({"metadata": {"finalizers": [HOLD]}}))
    operator.start()

    def leaving() -> bool:
        deployment = children(kubectl)["Deployment/chat-redis"]["metadata"]
        return "deletionTimestamp" in deployment and condition(kubectl, "Ready").get("reason") == "BrokerMoving"

    wait_for(leaving, 20, "the end of the Deployment")
    deadline = time.monotonic() + 8
    while time.monotonic() < deadline:
        assert STATEFUL_SET not in children(kubectl)
        assert [pod["metadata"]["name"] for pod in redis_pods(kubectl)] == [name]
        time.sleep(0.5)
    kubectl("patch", "pod", name, "--type=merge", "-p", '{"metadata": {"finalizers": null}}')
    wait_for(all_there(kubectl), 20, "the StatefulSet in the Deployment's place")
    wait_for(lambda: [pod["metadata"]["name"] for pod in redis_pods(kubectl)] == ["chat-redis-0"], 20, "its pod")
    assert children(kubectl)["Deployment/chat"]["metadata"]["generation"] == server, "no server is restarted"


@pytest.fixture
def storage_class(kubectl: Kubectl, namespace: str) -> Iterator[str]:
    """A StorageClass whose volumes may grow, and a volume of it."""
    name = f"{namespace}-grows"
    kubectl.apply(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "kubernetes.io/no-provisioner",
            "allowVolumeExpansion": True,
        }
    )
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "storageClassName": name,
                "capacity": {"storage": "10Gi"},
                "accessModes": ["ReadWriteOnce"],
                "persistentVolumeReclaimPolicy": "Retain",
                "hostPath": {"path": "/nowhere"},
            },
        }
    )
    yield name
    kubectl("delete", "persistentvolume", name, "--wait=false")
    kubectl("delete", "storageclass", name)


def requested(kubectl: Kubectl) -> str:
    size: str = children(kubectl)[CLAIM]["spec"]["resources"]["requests"]["storage"]
    return size


def is_over(kubectl: Kubectl, reason: str) -> bool:
    """Whether it is Stalled for that no more; where nodes run it may be for an image that they do not have."""
    return condition(kubectl, "Stalled").get("reason") != reason


def test_storage_is_added_grows_and_goes(apply: Apply, kubectl: Kubectl, storage_class: str, wait_for: WaitFor) -> None:
    def ask(size: str, name: str = storage_class) -> None:
        storage = {"size": size, "storageClassName": name}
        apply(replicas=0, adapter={"type": "redis-streams", "managed": {"storage": storage}})

    def volume() -> dict[str, Any]:
        spec = children(kubectl)[STATEFUL_SET]["spec"]["template"]["spec"]
        return next(volume for volume in spec["volumes"] if volume["name"] == "data")

    apply(replicas=0, adapter={"type": "redis-streams"})
    wait_for(all_there(kubectl), 15, "all children")
    assert "emptyDir" in volume()
    wait_for(lambda: generation_seen(kubectl), 15, "a status")
    assert "lost with the pod" in kubectl.json("get", "sio", "chat")["status"]["effective"]["brokerData"]
    ask("1024Mi")
    wait_for(lambda: volume().get("persistentVolumeClaim") == {"claimName": "chat-redis"}, 15, "the claim in the pod")
    assert "emptyDir" not in volume()
    assert requested(kubectl) == "1Gi"
    wait_for(lambda: children(kubectl)[CLAIM]["status"]["phase"] == "Bound", 30, "a volume")
    wait_for(lambda: generation_seen(kubectl), 15, "a status")
    assert "PersistentVolumeClaim chat-redis" in kubectl.json("get", "sio", "chat")["status"]["effective"]["brokerData"]
    generation = children(kubectl)[STATEFUL_SET]["metadata"]["generation"]
    ask("2Gi")
    wait_for(lambda: requested(kubectl) == "2Gi", 15, "a larger claim")
    assert children(kubectl)[STATEFUL_SET]["metadata"]["generation"] == generation, "growing restarts nothing"
    ask("1Gi")
    wait_for(lambda: stalled_for(kubectl, "StorageUnchangeable", "cannot shrink from 2Gi to 1Gi"), 15, "no shrinking")
    ask("2Gi", "other")
    sentence = f"cannot change from {storage_class} to other"
    wait_for(lambda: stalled_for(kubectl, "StorageUnchangeable", sentence), 15, "no other class")
    ask("2Gi")
    wait_for(lambda: is_over(kubectl, "StorageUnchangeable"), 15, "no problem of the storage")
    apply(replicas=0, adapter={"type": "redis-streams"})
    wait_for(lambda: "emptyDir" in volume() and CLAIM not in children(kubectl), 30, "no claim")


def test_a_claim_that_cannot_grow_is_told_in_the_api_servers_words(
    apply: Apply, kubectl: Kubectl, wait_for: WaitFor
) -> None:
    def ask(size: str) -> None:
        apply(replicas=0, adapter={"managed": {"storage": {"size": size, "storageClassName": "fixed"}}})

    ask("1Gi")
    wait_for(lambda: requested(kubectl) == "1Gi", 15, "the claim")
    ask("2Gi")
    wait_for(
        lambda: stalled_for(kubectl, "ChildRejected", "PersistentVolumeClaim chat-redis was refused"), 15, "a refusal"
    )
    ask("1Gi")
    wait_for(lambda: is_over(kubectl, "ChildRejected"), 15, "no problem of the claim")
