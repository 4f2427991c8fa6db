"""No edit escapes the operator, and what is not its own is not touched: owner references decide, labels only find."""

import json
import signal
import time
from collections.abc import Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

import pytest

from tests.api.conftest import IMAGE, Apply
from tests.api.test_problems import condition, stalled_for
from tests.api.test_reconcile import CHILDREN, all_there, asked_for, children
from tests.cluster import waiting
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import OperatorProcess

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]

LABELS = ("socketio-operator.dev/cluster", "socketio-operator.dev/component", "app.kubernetes.io/managed-by")


NO_LABELS: Mapping[str, str] = MappingProxyType({})


@pytest.fixture
def held(operator: OperatorProcess) -> Iterator[OperatorProcess]:
    """The operator, to be held still; it goes on in any case."""
    yield operator
    operator.send(signal.SIGCONT)


@pytest.mark.parametrize("label", LABELS)
def test_a_label_taken_away_comes_back(label: str, apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    before = asked_for(kubectl)
    for ref in sorted(CHILDREN):
        kubectl("label", ref, f"{label}-")
    wait_for(lambda: asked_for(kubectl) == before, 20, "the labels")


def test_a_deletion_after_an_edited_label_is_seen(
    apply: Apply, kubectl: Kubectl, held: OperatorProcess, wait_for: WaitFor
) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    uid = children(kubectl)["Deployment/chat"]["metadata"]["uid"]
    held.send(signal.SIGSTOP)
    kubectl("label", "deployment/chat", "socketio-operator.dev/cluster-")
    kubectl("delete", "deployment", "chat")
    held.send(signal.SIGCONT)
    wait_for(lambda: children(kubectl)["Deployment/chat"]["metadata"]["uid"] != uid, 15, "a new Deployment")


def test_what_appears_in_between_is_not_overwritten(
    apply: Apply, kubectl: Kubectl, held: OperatorProcess, wait_for: WaitFor
) -> None:
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    held.send(signal.SIGSTOP)
    kubectl("delete", "serviceaccount", "chat")
    # Of a ServiceAccount an apply would change nothing that anybody else set: it would adopt it without a conflict.
    kubectl.apply(
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "chat", "annotations": {"a": "b"}}}
    )
    held.send(signal.SIGCONT)
    wait_for(lambda: stalled_for(kubectl, "NameConflict", "ServiceAccount chat exists already"), 15, "NameConflict")
    foreign = kubectl.json("get", "serviceaccount", "chat")
    assert "ownerReferences" not in foreign["metadata"]
    assert "labels" not in foreign["metadata"]
    kubectl("scale", "sio/chat", "--replicas=4")
    wait_for(lambda: children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 4, 15, "four replicas all the same")
    kubectl("delete", "serviceaccount", "chat")
    wait_for(all_there(kubectl), 30, "a ServiceAccount of ours")


def test_a_successor_of_a_child_is_not_taken_for_it(
    apply: Apply, kubectl: Kubectl, held: OperatorProcess, wait_for: WaitFor
) -> None:
    """An update names the object that it was decided on."""
    apply()
    wait_for(all_there(kubectl), 15, "all children")
    held.send(signal.SIGSTOP)
    apply(engine={"pingTimeout": 90_000})  # another timeout of the Ingress
    ingress = kubectl.json("get", "ingress", "chat")
    kubectl("delete", "ingress", "chat")
    spec = {"ingressClassName": "mine", "rules": ingress["spec"]["rules"]}
    kubectl.apply({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "chat"}, "spec": spec})
    held.send(signal.SIGCONT)
    wait_for(lambda: stalled_for(kubectl, "NameConflict", "Ingress chat exists already"), 15, "NameConflict")
    assert kubectl.json("get", "ingress", "chat")["spec"]["ingressClassName"] == "mine"


def foreign_pod(kubectl: Kubectl, more: Mapping[str, str] = NO_LABELS, **meta: Any) -> None:
    """A pod with our labels and a status that would stall a cluster."""
    account = partial(kubectl, "get", "serviceaccount", "default")
    waiting.wait_for(account, 15, "a namespace in which pods can be made", tolerate=(KubectlError,))
    labels = {LABELS[0]: "chat", LABELS[1]: "server", LABELS[2]: "socketio-operator", **more}
    kubectl.apply(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "foreign", "labels": labels, **meta},
            "spec": {
                "nodeName": "nowhere",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 1000,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [
                    {
                        "name": "server",
                        "image": IMAGE,
                        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
                    }
                ],
            },
        }
    )
    state = {"reason": "CreateContainerConfigError", "message": "of no concern"}
    container = {"name": "server", "image": IMAGE, "imageID": "", "ready": False, "restartCount": 0}
    status = {"containerStatuses": [{**container, "state": {"waiting": state}}]}
    kubectl("patch", "pod", "foreign", "--subresource=status", "--type=merge", "-p", json.dumps({"status": status}))


def test_foreign_pods_with_our_labels_are_not_told_of(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    foreign_pod(kubectl)
    apply(replicas=0)
    wait_for(all_there(kubectl), 15, "all children")
    wait_for(lambda: condition(kubectl, "Ready"), 15, "a status")
    deadline = time.monotonic() + 4  # longer than a resync
    while time.monotonic() < deadline:
        assert condition(kubectl, "Ready")["reason"] != "ContainerNotCreated"
        time.sleep(0.5)


def test_a_pod_of_our_own_is(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    """The control of the one before."""
    # The ReplicaSet's own pod fits nowhere, which is told last of all.
    apply(replicas=1, adapter={"type": "none"}, pod={"nodeSelector": {"no-such": "node"}})
    (replica_set,) = wait_for(lambda: kubectl.json("get", "replicasets")["items"], 15, "a ReplicaSet")
    reference = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "controller": True}
    reference |= {key: replica_set["metadata"][key] for key in ("name", "uid")}
    # With the labels of its template, else the ReplicaSet would release it.
    foreign_pod(kubectl, replica_set["spec"]["template"]["metadata"]["labels"], ownerReferences=[reference])
    wait_for(lambda: stalled_for(kubectl, "ContainerNotCreated", "of no concern"), 15, "the pod's problem")
