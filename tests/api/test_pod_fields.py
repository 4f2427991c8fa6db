"""Fields that shape pods reach them through a real API server, and are not seen as drift there."""

import time
from typing import Any

import pytest

from tests.api.conftest import Apply
from tests.api.test_reconcile import children
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.unit.test_containers import POD, VOLUMES

pytestmark = [pytest.mark.api, pytest.mark.usefixtures("operator")]

RESYNCED_SECONDS = 4


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


def redis_pod(kubectl: Kubectl) -> dict[str, Any]:
    return pod_spec(kubectl, "StatefulSet/chat-redis")
