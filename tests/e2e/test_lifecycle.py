"""A cluster's life on real nodes: what users do with kubectl, and what may go wrong with pods."""

import json
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator")]

POD = "socketio-operator.dev/component=server"


def apply(kubectl: Kubectl, **spec: Any) -> None:
    kubectl.apply(
        {
            "apiVersion": "socketio-operator.dev/v1alpha1",
            "kind": "SocketIOCluster",
            "metadata": {"name": "chat"},
            "spec": {
                "image": "registry.local/chat:1",
                "routing": {"host": f"chat.{kubectl.namespace}.localhost"},
                "health": {"path": "/"},
                **spec,
            },
        }
    )


def ready(kubectl: Kubectl, seconds: int = 60) -> None:
    kubectl("wait", "--for=condition=Ready", "sio/chat", f"--timeout={seconds}s", timeout=seconds + 5)


def condition(kubectl: Kubectl, type_: str) -> dict[str, Any]:
    conditions = kubectl.json("get", "sio", "chat")["status"].get("conditions", [])
    found: dict[str, Any] = next((item for item in conditions if item["type"] == type_), {})
    return found


def server_pods(kubectl: Kubectl) -> dict[str, dict[str, Any]]:
    """Pods that are there to stay, by name."""
    items = kubectl.json("get", "pods", "-l", POD)["items"]
    return {pod["metadata"]["name"]: pod for pod in items if "deletionTimestamp" not in pod["metadata"]}


def test_from_nothing_to_ready_on_both_nodes(kubectl: Kubectl) -> None:
    apply(kubectl, replicas=3)
    ready(kubectl)
    pods = server_pods(kubectl)
    assert len(pods) == 3
    # kind's control plane is a node too, which takes no pods of ours.
    nodes = {node["metadata"]["name"] for node in kubectl.json("get", "nodes")["items"] if "taints" not in node["spec"]}
    assert len(nodes) == 2
    assert {pod["spec"]["nodeName"] for pod in pods.values()} == nodes
    status = kubectl.json("get", "sio", "chat")["status"]
    assert (status["replicas"], status["readyReplicas"]) == (3, 3)
    table = kubectl("get", "sio")
    assert "True" in table
    assert "http://chat." in table


def test_wait_returns_only_when_the_new_image_runs(kubectl: Kubectl) -> None:
    apply(kubectl)
    ready(kubectl)
    before = set(server_pods(kubectl))
    apply(kubectl, engine={"pingInterval": 10_000})
    ready(kubectl)
    assert not before & set(server_pods(kubectl)), "Ready before the old pods were gone"


def test_scale_keeps_pods(kubectl: Kubectl) -> None:
    apply(kubectl)
    ready(kubectl)
    before = set(server_pods(kubectl))
    kubectl("scale", "sio/chat", "--replicas=4")
    ready(kubectl)
    after = set(server_pods(kubectl))
    assert len(after) == 4
    assert before < after


def test_an_image_that_does_not_pull_harms_nobody(kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(kubectl)
    ready(kubectl)
    before = set(server_pods(kubectl))
    apply(kubectl, image="registry.local/missing:9")

    def told() -> bool:
        found = condition(kubectl, "Reconciling")
        return found.get("reason") == "ImagePullFailed" and "registry.local/missing:9" in found["message"]

    wait_for(told, 60, "ImagePullFailed")
    assert condition(kubectl, "Available")["status"] == "True"
    assert before < set(server_pods(kubectl)), "the running pods stay"
    apply(kubectl)
    ready(kubectl)
    assert set(server_pods(kubectl)) == before, "going back restarts nothing"


def test_a_redis_that_does_not_answer_is_told(kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(kubectl)
    ready(kubectl)
    before = {name: pod["metadata"]["uid"] for name, pod in server_pods(kubectl).items()}
    kubectl("exec", "statefulset/chat-redis", "--", "redis-cli", "client", "pause", "20000", "ALL")

    def down() -> bool:
        found = condition(kubectl, "Ready")
        return (found["status"], found["reason"]) == ("False", "BrokerNotReady")

    wait_for(down, 40, "BrokerNotReady")
    available = condition(kubectl, "Available")
    assert (available["status"], available["reason"]) == ("True", "Degraded")
    ready(kubectl, 60)
    assert {name: pod["metadata"]["uid"] for name, pod in server_pods(kubectl).items()} == before


def test_redis_asks_for_a_password(kubectl: Kubectl) -> None:
    apply(kubectl)
    ready(kubectl)
    refused = kubectl("exec", "statefulset/chat-redis", "--", "redis-cli", "--no-auth-warning", "-a", "wrong", "ping")
    assert "PONG" not in refused
    assert "PONG" in kubectl("exec", "statefulset/chat-redis", "--", "redis-cli", "ping")


def test_pods_that_crash_are_told(kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(kubectl, command=["node", "-e", "process.exit(3)"])

    def told() -> bool:
        found = condition(kubectl, "Ready")
        return found.get("reason") == "PodsCrashing" and "exit code 3" in found["message"]

    wait_for(told, 60, "PodsCrashing")


def test_delete_leaves_nothing(kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(kubectl)
    ready(kubectl)
    kubectl("delete", "sio", "chat")
    workloads = "deployments,replicasets,statefulsets,pods,persistentvolumeclaims"
    kinds = f"{workloads},services,ingresses,secrets,networkpolicies,poddisruptionbudgets"

    def left() -> list[str]:
        return [f"{item['kind']}/{item['metadata']['name']}" for item in kubectl.json("get", kinds)["items"]]

    wait_for(lambda: not left(), 60, "nothing left")


def test_the_operator_killed_and_started_again(operator: Kubectl, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(kubectl)
    ready(kubectl)
    before = {name: pod["metadata"]["uid"] for name, pod in server_pods(kubectl).items()}
    ingress = kubectl.json("get", "ingress", "chat")["metadata"]["resourceVersion"]
    operator("delete", "pod", "-l", "app.kubernetes.io/component=operator", "--grace-period=0", "--force")
    apply(kubectl, replicas=3)
    wait_for(lambda: len(server_pods(kubectl)) == 3, 60, "the third pod")
    ready(kubectl)
    after = {name: pod["metadata"]["uid"] for name, pod in server_pods(kubectl).items()}
    assert before.items() <= after.items(), "a pod was restarted"
    assert kubectl.json("get", "ingress", "chat")["metadata"]["resourceVersion"] == ingress, "the Ingress was written"


def test_the_operator_pod_is_restricted(operator: Kubectl) -> None:
    (pod,) = operator.json("get", "pods", "-l", "app.kubernetes.io/component=operator")["items"]
    (container,) = pod["spec"]["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    namespace = operator.json("get", "namespace", operator.namespace)
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert json.dumps(pod["status"]).count('"restartCount": 0') == 1
