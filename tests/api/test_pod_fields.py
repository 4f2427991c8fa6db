"""Fields that shape pods reach them through a real API server, and are not seen as drift there."""

import base64
import time
from functools import partial
from typing import Any

import pytest

from tests.api.conftest import Apply
from tests.api.test_problems import waiting_for
from tests.api.test_reconcile import CHILDREN, children
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.operator_process import audit_position, operator_requests
from tests.unit.test_containers import POD, VOLUMES

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]

RESYNCED_SECONDS = 4
READ = ("configmaps", "get")
PRIORITY = {"name": "redis-first"}
REDIS_POD: dict[str, Any] = {
    "labels": {"team": "chat"},
    "annotations": {"example.com/team": "chat"},
    "priorityClassName": "redis-first",
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "sockets", "operator": "Exists"}],
    "affinity": {
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [
                {"labelSelector": {"matchLabels": {"team": "chat"}}, "topologyKey": "kubernetes.io/hostname"}
            ]
        }
    },
}


def pod_spec(kubectl: Kubectl, ref: str = "Deployment/chat") -> dict[str, Any]:
    found: dict[str, Any] = children(kubectl)[ref]["spec"]["template"]["spec"]
    return found


def stays(kubectl: Kubectl, ref: str = "Deployment/chat") -> bool:
    """Whether nothing is written where nothing changed: what the API server stores otherwise than sent looks new."""
    before = children(kubectl)[ref]["metadata"]["generation"]
    time.sleep(RESYNCED_SECONDS)
    return bool(children(kubectl)[ref]["metadata"]["generation"] == before)


def test_resources_of_the_runtimes_container(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    asked = {"requests": {"cpu": "50m"}, "limits": {"cpu": "0.1", "memory": "64Mi"}}
    apply(replicas=0, runtime={"resources": asked})
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    (container,) = pod_spec(kubectl)["initContainers"]
    assert container["resources"] == {**asked, "limits": {"cpu": "100m", "memory": "64Mi"}}
    assert stays(kubectl)


def test_as_whom_the_pods_run(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    ids = {"runAsUser": 2001, "runAsGroup": 2002, "fsGroup": 2003, "supplementalGroups": [2004]}
    apply(replicas=0, pod={"securityContext": {**ids, "readOnlyRootFilesystem": True}})
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    spec = pod_spec(kubectl)
    assert ids.items() <= spec["securityContext"].items()
    assert spec["containers"][0]["securityContext"]["readOnlyRootFilesystem"] is True
    assert stays(kubectl)
    apply(replicas=0, pod={"securityContext": {"identity": "platform"}})
    wait_for(lambda: "runAsUser" not in pod_spec(kubectl)["securityContext"], 15, "no user of ours")
    assert not ids.keys() & {*pod_spec(kubectl)["securityContext"], *redis_pod(kubectl)["securityContext"]}
    assert stays(kubectl)


def test_further_containers(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    kubectl("create", "configmap", "app", "--from-literal=a=1")
    for name in ("api", "all"):
        kubectl("create", "secret", "generic", name, "--from-literal=token=1")
    apply(replicas=0, pod=POD, volumes=VOLUMES)
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    spec = pod_spec(kubectl)
    assert [one["name"] for one in spec["initContainers"]] == ["socketio-runtime", "migrate", "db-proxy"]
    assert [one["name"] for one in spec["containers"]] == ["server", "exporter"]
    assert spec["initContainers"][2]["restartPolicy"] == "Always"
    for container in (*spec["initContainers"], *spec["containers"]):
        assert container["securityContext"]["allowPrivilegeEscalation"] is False
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert stays(kubectl)
    apply(replicas=0, pod={"sidecars": POD["sidecars"]}, volumes=VOLUMES)
    wait_for(lambda: len(pod_spec(kubectl)["initContainers"]) == 1, 15, "the runtime's alone")
    cause = children(kubectl)["Deployment/chat"]["metadata"]["annotations"]["kubernetes.io/change-cause"]
    assert cause == "pod initContainers changed"


def cause(kubectl: Kubectl) -> str:
    found: str = children(kubectl)["Deployment/chat"]["metadata"]["annotations"].get("kubernetes.io/change-cause", "")
    return found


def set_values(kubectl: Kubectl, kind: str, name: str, value: str) -> None:
    encoded = value if kind == "ConfigMap" else base64.b64encode(value.encode()).decode()
    kubectl.apply({"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, "data": {"value": encoded}})


def test_pods_restart_when_what_they_read_changes(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    objects = {"ConfigMap": "app", "Secret": "api"}
    for kind, name in objects.items():
        set_values(kubectl, kind, name, "first")
    apply(replicas=0)
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    apply(replicas=0, restartOnChange={"configMaps": ["app"], "secrets": ["api"]})
    wait_for(
        lambda: cause(kubectl) == "restartOnChange names ConfigMap app; restartOnChange names Secret api", 15, "it"
    )
    assert stays(kubectl)
    for kind, name in objects.items():
        before = children(kubectl)["Deployment/chat"]["metadata"]["generation"]
        set_values(kubectl, kind, name, "s3cret-value")
        wait_for(partial(caused_by, kubectl, f"{kind} {name} changed"), 15, f"a rollout for the {kind}")
        assert children(kubectl)["Deployment/chat"]["metadata"]["generation"] == before + 1
    assert "s3cret-value" not in kubectl("get", "sio,deployments,events", "-o", "yaml")
    kubectl("label", "configmap", "app", "team=chat")
    assert stays(kubectl), "its content is the same"
    template = children(kubectl)["Deployment/chat"]["spec"]["template"]
    apply(replicas=0, restartOnChange={"secrets": ["api"]})
    time.sleep(RESYNCED_SECONDS)
    assert children(kubectl)["Deployment/chat"]["spec"]["template"] == template, "one less replaces no pod"


def caused_by(kubectl: Kubectl, text: str) -> bool:
    return cause(kubectl) == text


def test_without_the_runtime_they_are_told_apart_as_well(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    spec: dict[str, Any] = {"replicas": 0, "runtime": {"inject": "none"}, "restartOnChange": {"configMaps": ["app"]}}
    set_values(kubectl, "ConfigMap", "app", "first")
    apply(**spec)
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    assert stays(kubectl)
    set_values(kubectl, "ConfigMap", "app", "second")
    wait_for(partial(caused_by, kubectl, "ConfigMap app changed"), 15, "a rollout")


@pytest.mark.parametrize(("kind", "field"), [("ConfigMap", "configMaps"), ("Secret", "secrets")])
def test_what_is_missing_is_waited_for(
    kind: str, field: str, apply: Apply, kubectl: Kubectl, wait_for: WaitFor
) -> None:
    apply(replicas=0)
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    apply(replicas=1, image="registry.local/none:2", restartOnChange={field: ["app"]})
    text = f"spec.restartOnChange names {kind} app, which does not exist"
    wait_for(lambda: waiting_for(kubectl, f"{kind}NotFound", text), 15, f"{kind}NotFound")
    wait_for(lambda: children(kubectl)["Deployment/chat"]["spec"]["replicas"] == 1, 15, "a scale all the same")
    assert pod_spec(kubectl)["containers"][0]["image"] == "registry.local/none:1", "the last good template stays"
    set_values(kubectl, kind, "app", "first")
    new = "registry.local/none:2"
    wait_for(lambda: pod_spec(kubectl)["containers"][0]["image"] == new, 20, "the new image")


def test_who_names_no_object_costs_no_read(
    apply: Apply, kubectl: Kubectl, namespace: str, cluster: Cluster, wait_for: WaitFor
) -> None:
    def reads(position: int) -> set[str]:
        requests = operator_requests(cluster, position, namespace)
        return {str(request["name"]) for request in requests if (request["resource"], request["verb"]) == READ}

    set_values(kubectl, "ConfigMap", "app", "first")
    apply(replicas=0)
    wait_for(lambda: "Deployment/chat" in children(kubectl), 15, "the Deployment")
    position = audit_position(cluster)
    time.sleep(RESYNCED_SECONDS)
    assert reads(position) == set()
    apply(replicas=0, restartOnChange={"configMaps": ["app"]})
    wait_for(lambda: reads(position) == {"app"}, 15, "control: a read where one is named")


def test_labels_of_all_children(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    apply(replicas=0)
    wait_for(lambda: set(children(kubectl)) == CHILDREN, 15, "all children")
    templates = {
        ref: item["spec"]["template"] for ref, item in children(kubectl).items() if "template" in item.get("spec", {})
    }
    metadata = {"labels": {"team": "chat"}, "annotations": {"example.com/owner": "me"}}
    apply(replicas=0, childMetadata=metadata)

    def labelled(team: str | None) -> bool:
        return all(item["metadata"]["labels"].get("team") == team for item in children(kubectl).values())

    wait_for(lambda: labelled("chat"), 15, "labels on all")
    found = children(kubectl)
    assert found["StatefulSet/chat-redis"]["metadata"]["annotations"]["example.com/owner"] == "me"
    assert "example.com/owner" not in str(found["Ingress/chat"]["metadata"]["annotations"])
    assert {ref: found[ref]["spec"]["template"] for ref in templates} == templates
    assert stays(kubectl)
    apply(replicas=0)
    wait_for(lambda: labelled(None), 15, "no labels")


def test_the_pod_of_redis_and_its_budget(apply: Apply, kubectl: Kubectl, wait_for: WaitFor) -> None:
    kubectl.apply({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": PRIORITY, "value": 1000})
    # Nothing is deleted while pods are on their way: here none ever starts.
    apply(replicas=0, adapter={"managed": {"pod": REDIS_POD}})
    wait_for(lambda: set(children(kubectl)) == CHILDREN, 15, "all children")
    template = children(kubectl)["StatefulSet/chat-redis"]["spec"]["template"]
    assert REDIS_POD["labels"].items() <= template["metadata"]["labels"].items()
    assert REDIS_POD["annotations"].items() <= template["metadata"]["annotations"].items()
    placed = {name: REDIS_POD[name] for name in ("priorityClassName", "nodeSelector", "tolerations", "affinity")}
    assert placed.items() <= template["spec"].items()
    assert stays(kubectl, "StatefulSet/chat-redis")
    apply("bare", replicas=0, adapter={"managed": {"podDisruptionBudget": False}})
    wait_for(lambda: "StatefulSet/bare-redis" in children(kubectl), 15, "the second")
    wait_for(lambda: "Ingress/bare" in children(kubectl), 15, "all of it")
    assert "PodDisruptionBudget/bare" in children(kubectl)
    assert "PodDisruptionBudget/bare-redis" not in children(kubectl)


def redis_pod(kubectl: Kubectl) -> dict[str, Any]:
    return pod_spec(kubectl, "StatefulSet/chat-redis")
