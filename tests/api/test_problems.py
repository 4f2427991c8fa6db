"""What is wrong is told, with a reason of its own, and nothing that runs is lost."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from socketio_operator.api import validate
from tests.api.conftest import IMAGE, Apply
from tests.cluster.cluster import Cluster
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor, fresh_namespace
from tests.unit.samples import body
from tests.unit.wrong_values import WRONG_VALUES

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]


def condition(kubectl: Kubectl, type_: str, name: str = "chat") -> dict[str, Any]:
    conditions = kubectl.json("get", "sio", name)["status"].get("conditions", [])
    found: dict[str, Any] = next((item for item in conditions if item["type"] == type_), {})
    return found


def stalled_for(kubectl: Kubectl, reason: str, text: str, kind: str = "Stalled") -> bool:
    found, ready = condition(kubectl, kind), condition(kubectl, "Ready")
    assert (found.get("status"), found.get("reason")) == ("True", reason)
    assert (ready.get("status"), ready.get("reason")) == ("False", reason)
    return text in found["message"]


def waiting_for(kubectl: Kubectl, reason: str, text: str) -> bool:
    """As `stalled_for`, while it may come by itself."""
    assert not condition(kubectl, "Stalled")
    return stalled_for(kubectl, reason, text, "Reconciling")


@pytest.fixture(scope="module")
def empty(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """A namespace where nothing is ever accepted."""
    with fresh_namespace(cluster, "wrong values", request.config) as kubectl:
        yield kubectl
        assert kubectl.json("get", "sio")["items"] == []


@pytest.mark.parametrize("case", WRONG_VALUES)
def test_the_api_server_and_the_offline_checks_refuse_in_the_same_words(case: str, empty: Kubectl) -> None:
    spec, sentence = WRONG_VALUES[case]
    resource = body(spec) | {"metadata": {"name": "chat", "namespace": empty.namespace}}
    with pytest.raises(KubectlError) as refused:
        empty("apply", "-f", "-", input=json.dumps(resource))
    assert sentence in str(refused.value)
    said = validate(resource)
    assert said
    for problem in said:
        assert problem.detail in str(refused.value), "validation says something else than the API server"


def test_a_name_that_is_taken(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    foreign = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "chat"}, "spec": {"ports": [{"port": 80}]}}
    kubectl.apply(foreign)
    uid = kubectl.json("get", "service", "chat")["metadata"]["uid"]
    apply()
    wait_for(lambda: stalled_for(kubectl, "NameConflict", "Service chat exists already"), 15, "NameConflict")
    service = kubectl.json("get", "service", "chat")
    assert service["metadata"]["uid"] == uid
    assert "ownerReferences" not in service["metadata"]
    assert kubectl.json("get", "deployments")["items"] == []
    events = kubectl.json("get", "events.events.k8s.io")["items"]
    assert [event for event in events if event["reason"] == "NameConflict" and event["type"] == "Warning"]
    kubectl("delete", "service", "chat")
    wait_for(lambda: kubectl.json("get", "deployments")["items"], 30, "the children, once the name is free")


def test_a_secret_that_is_missing(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(lambda: kubectl("get", "deployment", "chat"), 15, "the Deployment")
    token = {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}
    apply(env=[token])
    wait_for(lambda: waiting_for(kubectl, "SecretNotFound", "names Secret api"), 15, "SecretNotFound")
    assert "API_KEY" not in kubectl("get", "deployment", "chat", "-o", "yaml"), "the last good Deployment stays"
    kubectl("create", "secret", "generic", "api", "--from-literal=other=1")
    wait_for(lambda: waiting_for(kubectl, "SecretKeyNotFound", "needs key token"), 15, "SecretKeyNotFound")
    wait_for(lambda: stalled_for(kubectl, "SecretKeyNotFound", "needs key token"), 75, "a call for a person")
    kubectl("patch", "secret", "api", "-p", '{"stringData": {"token": "s3cret-value"}}')
    wait_for(lambda: "API_KEY" in kubectl("get", "deployment", "chat", "-o", "yaml"), 15, "the new Deployment")
    assert "s3cret-value" not in kubectl("get", "sio,deployments,events", "-o", "yaml")


def test_a_certificate_that_is_made_from_the_route(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    """As cert-manager's ingress-shim does it, here by hand: from the Ingress, once that is there."""
    apply(routing={"host": "chat.example.com", "tls": {"secretName": "chat-tls"}})
    route = wait_for(lambda: kubectl.json("get", "ingress", "chat")["spec"], 15, "the Ingress, without its Secret")
    wait_for(lambda: waiting_for(kubectl, "SecretNotFound", "names Secret chat-tls"), 15, "SecretNotFound")
    (asked,) = route["tls"]
    assert asked["hosts"] == ["chat.example.com"]
    made = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": asked["secretName"]},
    }
    kubectl.apply({**made, "stringData": {"tls.crt": "certificate", "tls.key": "key"}})
    wait_for(lambda: condition(kubectl, "Ready")["reason"] != "SecretNotFound", 15, "the next reason")


def test_an_external_broker_that_does_not_answer(
    apply: Apply, kubectl: Kubectl, own_address: str, wait_for: WaitFor
) -> None:
    adapter = {"broker": "external", "external": {"secretName": "shared"}}
    kubectl("create", "secret", "generic", "shared", f"--from-literal=url=redis://:hidden@{own_address}:1")
    # Without pods: on nodes these would soon have a problem of their own, an image that does not pull.
    apply(adapter=adapter, replicas=0)

    def unreachable() -> bool:
        ready = condition(kubectl, "Ready")
        assert (ready.get("status"), ready.get("reason")) == ("False", "BrokerNotReady")
        return "Secret shared, key url" in ready["message"]

    wait_for(unreachable, 20, "BrokerNotReady")
    assert "hidden" not in kubectl("get", "sio", "chat", "-o", "yaml")
    assert kubectl("get", "deployment", "chat"), "the app is deployed all the same"
    wrong = base64.b64encode(b"http://nowhere").decode()
    kubectl("patch", "secret", "shared", "-p", json.dumps({"data": {"url": wrong}}))
    wait_for(lambda: stalled_for(kubectl, "BrokerUrlInvalid", "redis://"), 20, "BrokerUrlInvalid")


def test_what_the_api_server_refuses_in_a_child(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply()
    wait_for(lambda: kubectl("get", "deployment", "chat"), 15, "the Deployment")
    apply(image="registry.local/none:2", pod={"affinity": {"nodeAffinity": {"wrong": 1}}})
    wait_for(lambda: stalled_for(kubectl, "ChildRejected", "Deployment chat was refused"), 15, "ChildRejected")
    assert IMAGE in kubectl("get", "deployment", "chat", "-o", "yaml"), "the last good Deployment stays"
    apply(image="registry.local/none:2")
    wait_for(lambda: "none:2" in kubectl("get", "deployment", "chat", "-o", "yaml"), 20, "the new image")


def accepted(apply: Apply, **spec: Any) -> bool:
    apply(**spec)
    return True


def test_a_spec_that_became_invalid_breaks_nothing(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    """An older CRD may have let a value in: the reconcile refuses it itself."""
    apply()
    wait_for(lambda: kubectl("get", "deployment", "chat"), 15, "the Deployment")
    crd = "customresourcedefinition/socketioclusters.socketio-operator.dev"
    rules = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/engine/properties/pingInterval/minimum"
    kubectl("patch", crd, "--type=json", "-p", json.dumps([{"op": "replace", "path": rules, "value": 1}]))
    try:
        wait_for(lambda: accepted(apply, engine={"pingInterval": 5}), 15, "the laxer CRD")
        wait_for(lambda: stalled_for(kubectl, "InvalidSpec", "greater than or equal to 1000"), 15, "InvalidSpec")
        assert kubectl.json("get", "deployment", "chat")["spec"]["replicas"] == 2
    finally:
        apply()
        kubectl("patch", crd, "--type=json", "-p", json.dumps([{"op": "replace", "path": rules, "value": 1000}]))
