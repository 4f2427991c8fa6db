"""From a SocketIOCluster to its children and back, on a real API server."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.api.conftest import Apply
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]

WORKLOADS = "deployments,statefulsets,persistentvolumeclaims,poddisruptionbudgets"
KINDS = f"serviceaccounts,secrets,configmaps,services,{WORKLOADS},networkpolicies,ingresses"
CHILDREN = {
    "ServiceAccount/chat",
    "Secret/chat-redis",
    "Secret/chat-runtime",
    "ConfigMap/chat-redis",
    "NetworkPolicy/chat-redis",
    "Service/chat-redis",
    "StatefulSet/chat-redis",
    "PodDisruptionBudget/chat-redis",
    "Service/chat",
    "Service/chat-peers",
    "Deployment/chat",
    "PodDisruptionBudget/chat",
    "Ingress/chat",
}


def children(kubectl: Kubectl) -> dict[str, Any]:
    items = kubectl.json("get", KINDS, "-l", "app.kubernetes.io/managed-by=socketio-operator")["items"]
    return {f"{item['kind']}/{item['metadata']['name']}": item for item in items}


def asked_for(kubectl: Kubectl) -> str:
    """What the children ask for, without what the API server and controllers add over time."""
    state = {}
    for ref, item in children(kubectl).items():
        annotations = {
            name: value
            for name, value in item["metadata"].get("annotations", {}).items()
            if "change-cause" not in name and "deployment.kubernetes.io" not in name
        }
        spec = {key: value for key, value in item.get("spec", {}).items() if key not in ("clusterIP", "clusterIPs")}
        state[ref] = (spec, item.get("data"), annotations, item["metadata"]["labels"])
    return json.dumps(state, sort_keys=True)


def all_there(kubectl: Kubectl) -> Callable[[], bool]:
    return lambda: set(children(kubectl)) == CHILDREN


def generation_seen(kubectl: Kubectl) -> bool:
    found = kubectl.json("get", "sio", "chat")
    return bool(found["status"].get("observedGeneration") == found["metadata"]["generation"])


def test_all_children_are_made_and_told(apply: Apply, kubectl: Kubectl, namespace: str, wait_for: WaitFor) -> None:
    apply(replicas=3)
    wait_for(all_there(kubectl), 15, "all children")
    wait_for(lambda: generation_seen(kubectl), 15, "a status")
    status = kubectl.json("get", "sio", "chat")["status"]
    assert status["url"] == f"http://chat.{namespace}.localhost/"
    assert status["effective"]["readTimeoutSeconds"] == 60
    assert {condition["type"] for condition in status["conditions"]} >= {"Ready", "Available"}
    assert all(condition["observedGeneration"] == 1 for condition in status["conditions"])


def test_a_new_resource_is_unknown_before_it_is_seen(apply: Apply, kubectl: Kubectl, operator: OperatorProcess) -> None:
    operator.stop()
    try:
        apply()
        assert kubectl.json("get", "sio", "chat")["status"] == {"observedGeneration": -1}
    finally:
        operator.start()


def test_edits_apply_and_the_old_yaml_gives_the_old_state(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(replicas=2)
    wait_for(all_there(kubectl), 15, "all children")
    before = asked_for(kubectl)
    host = kubectl.json("get", "sio", "chat")["spec"]["routing"]["host"]
    apply(
        image="registry.local/none:2",
        replicas=4,
        engine={"pingInterval": 40_000, "pingTimeout": 50_000},
        routing={"host": host, "affinity": "cookie"},
    )

    def edited() -> bool:
        found = children(kubectl)
        notes = found["Ingress/chat"]["metadata"]["annotations"]
        deployed = found["Deployment/chat"]["spec"]
        (container,) = deployed["template"]["spec"]["containers"]
        env = {item["name"]: item.get("value") for item in container["env"]}
        assert container["image"] == "registry.local/none:2"
        assert deployed["replicas"] == 4
        assert env["SOCKETIO_PING_INTERVAL"] == "40000"
        assert notes["nginx.ingress.kubernetes.io/proxy-read-timeout"] == "105"
        assert notes["nginx.ingress.kubernetes.io/affinity"] == "cookie"
        return "nginx.ingress.kubernetes.io/upstream-hash-by" not in notes

    wait_for(edited, 15, "the edits in the children")
    cause = children(kubectl)["Deployment/chat"]["metadata"]["annotations"]["kubernetes.io/change-cause"]
    assert "image registry.local/none:1 -> registry.local/none:2" in cause
    events = kubectl.json("get", "events.events.k8s.io")["items"]
    assert [event for event in events if event["reason"] == "RolloutStarted" and cause in event["note"]]

    apply(replicas=2)
    wait_for(lambda: asked_for(kubectl) == before, 15, "the old state")


DRIFTS = {
    "ServiceAccount/chat": {"automountServiceAccountToken": True},
    "ConfigMap/chat-redis": {"data": {"redis.conf": "port 1"}},
    "Secret/chat-redis": {"data": {"url": "eA=="}},
    "NetworkPolicy/chat-redis": {"spec": {"ingress": [{}]}},
    "Service/chat": {"spec": {"selector": {"socketio-operator.dev/cluster": "other"}}},
    "Deployment/chat": {"spec": {"replicas": 7}},
    "StatefulSet/chat-redis": {"spec": {"replicas": 2}},
    "PodDisruptionBudget/chat": {"spec": {"maxUnavailable": 2}},
    "Ingress/chat": {"metadata": {"annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "5"}}},
}


def test_a_child_changed_by_hand_comes_back(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    before = asked_for(kubectl)
    for ref, patch in DRIFTS.items():
        kubectl("patch", ref, "--type=merge", "-p", json.dumps(patch))
        wait_for(lambda: asked_for(kubectl) == before, 15, f"{ref} as it was")


def test_a_child_deleted_by_hand_comes_back(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    before, uids = asked_for(kubectl), {ref: item["metadata"]["uid"] for ref, item in children(kubectl).items()}
    for ref in sorted(CHILDREN):
        kubectl("delete", ref, "--wait=false")

        def back(ref: str = ref) -> bool:
            return children(kubectl)[ref]["metadata"]["uid"] != uids[ref] and asked_for(kubectl) == before

        wait_for(lambda: set(children(kubectl)) == CHILDREN and back(), 15, f"a new {ref}")


def runtime_secret(kubectl: Kubectl) -> dict[str, str]:
    data: dict[str, str] = kubectl.json("get", "secret", "chat-runtime")["data"]
    return data


def test_a_secret_of_an_earlier_version_gets_its_session_key(
    apply: Apply, kubectl: Kubectl, operator: OperatorProcess, wait_for: WaitFor
) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    before = runtime_secret(kubectl)
    operator.stop()
    kubectl("patch", "secret", "chat-runtime", "--type=merge", "-p", '{"data": {"session-key": null}}')
    operator.start()
    wait_for(lambda: "session-key" in runtime_secret(kubectl), 15, "a session key")
    after = runtime_secret(kubectl)
    assert after["token"] == before["token"]
    assert after["session-key"] not in (before["session-key"], after["token"])


def test_fields_of_others_are_kept(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    kubectl("annotate", "ingress", "chat", "example.com/mine=1")
    timeout = {"nginx.ingress.kubernetes.io/proxy-read-timeout": "5"}
    kubectl("patch", "ingress/chat", "--type=merge", "-p", json.dumps({"metadata": {"annotations": timeout}}))

    def restored() -> bool:
        notes = children(kubectl)["Ingress/chat"]["metadata"]["annotations"]
        return bool(notes["nginx.ingress.kubernetes.io/proxy-read-timeout"] == "60")

    wait_for(restored, 15, "the timeout of the Ingress")
    assert children(kubectl)["Ingress/chat"]["metadata"]["annotations"]["example.com/mine"] == "1"


def test_delete_leaves_nothing(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    kubectl("delete", "sio", "chat")
    wait_for(lambda: children(kubectl) == {}, 30, "no child left")


def test_deleted_and_made_again_at_once(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    old = {item["metadata"]["uid"] for item in children(kubectl).values()}
    kubectl("delete", "sio", "chat", "--wait=false")
    apply()

    def renewed() -> bool:
        uid = kubectl.json("get", "sio", "chat")["metadata"]["uid"]
        found = children(kubectl)
        owners = {item["metadata"]["ownerReferences"][0]["uid"] for item in found.values()}
        return set(found) == CHILDREN and owners == {uid} and not old & {i["metadata"]["uid"] for i in found.values()}

    wait_for(renewed, 60, "new children, owned by the new resource")


def test_scale_and_explain(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    kubectl("scale", "sio/chat", "--replicas=5")
    wait_for(lambda: children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 5, 15, "five replicas")
    wait_for(lambda: generation_seen(kubectl), 15, "a status")
    selector = kubectl("get", "sio", "chat", "-o", "jsonpath={.status.selector}")
    assert selector == "socketio-operator.dev/cluster=chat,socketio-operator.dev/component=server"
    explained = kubectl("explain", "sio.spec.routing.affinity")
    assert "What keeps a client on its pod" in explained
    assert "ENUM" in explained


def test_without_adapter_redis_goes_once_the_pods_are_new(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(replicas=0)
    wait_for(all_there(kubectl), 15, "all children")
    apply(replicas=0, adapter={"type": "none"})
    without = {ref for ref in CHILDREN if "redis" not in ref}
    wait_for(lambda: set(children(kubectl)) == without, 20, "Redis gone")
    apply(replicas=0)
    wait_for(all_there(kubectl), 15, "Redis again")


def test_a_network_policy_comes_and_goes(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    # Nothing is deleted while pods are on their way.
    still = {"replicas": 0, "adapter": {"type": "none"}}
    apply(**still, networkPolicy={"clients": [{"cidr": "10.0.0.0/8"}]})
    wait_for(lambda: "NetworkPolicy/chat" in children(kubectl), 15, "the NetworkPolicy")
    apply(**still)
    wait_for(lambda: "NetworkPolicy/chat" not in children(kubectl), 60, "its end")


def test_a_paused_cluster_is_left_alone(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    apply(paused=True, replicas=9)
    wait_for(lambda: generation_seen(kubectl), 15, "a status")
    kubectl("wait", "--for=condition=Paused", "sio/chat", "--timeout=15s")
    assert children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 2
    apply(replicas=9)
    wait_for(lambda: children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 9, 15, "nine replicas")
