"""The chart on nodes, with Helm 3 and Helm 4: install, upgrade, uninstall, and what stays of each."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.crds import wait_served
from tests.e2e.test_lifecycle import apply, ready, server_pods
from tests.helm.test_objects import labels
from tests.helm.tool import CHART, CRD, RELEASE, Helm, HelmError, helm_binary, installed_by
from tests.installation import chart_values


@pytest.fixture(params=[pytest.param(3, marks=pytest.mark.long), 4], ids=lambda major: f"helm{major}")
def helm(request: pytest.FixtureRequest, cluster: Cluster, namespace: str) -> Iterator[Helm]:
    with installed_by(Helm(helm_binary(request.param), cluster.kubeconfig, namespace)) as tool:
        yield tool


def values(namespace: str, **more: Any) -> str:
    return yaml.safe_dump({**chart_values(), "watchNamespaces": [namespace], **more})


def versions(kubectl: Kubectl, kind: str) -> dict[str, str]:
    """The version of each object of a kind: it changes with any write."""
    return {one["metadata"]["name"]: one["metadata"]["resourceVersion"] for one in kubectl.json("get", kind)["items"]}


def scraped(kubectl: Kubectl) -> str:
    """What the only ServiceMonitor leads to: the pods of its Service, the port and the path of its endpoint."""
    (monitor,) = kubectl.json("get", "servicemonitors")["items"]
    (service,) = kubectl.json("get", "services", "-l", labels(monitor["spec"]["selector"]["matchLabels"]))["items"]
    (endpoint,) = monitor["spec"]["endpoints"]
    through = f"services/{service['metadata']['name']}:{endpoint['port']}/proxy{endpoint['path']}"
    return kubectl("get", "--raw", f"/api/v1/namespaces/{kubectl.namespace}/{through}")


def reconciles(metrics: str) -> float:
    """How many did not fail."""
    found = re.findall(r'^controller_runtime_reconcile_total\{.*result="(\w+)"\} (\S+)$', metrics, re.MULTILINE)
    return sum(float(value) for result, value in found if result != "error")


@pytest.mark.node
@pytest.mark.usefixtures("without_crd", "prometheus_operator")
def test_install_upgrade_uninstall(
    helm: Helm,
    kubectl: Kubectl,
    namespace: str,
    load_image: Callable[[str | Path], str],
    wait_for: WaitFor,
    former_chart: Path,
) -> None:
    for image in ("pause", "redis", "chat", "runtime-node", "socketio-operator"):
        load_image(image)
    notes = helm("install", RELEASE, str(former_chart), "--wait", "--timeout=90s", "-f", "-", input=values(namespace))
    assert f"It watches these namespaces only: {namespace}" in notes
    wait_served(kubectl, CRD)
    apply(kubectl, replicas=1)
    ready(kubectl)
    pods, routes = set(server_pods(kubectl)), versions(kubectl, "ingresses")

    helm("upgrade", RELEASE, str(CHART), "--wait", "--timeout=90s", "-f", "-", input=values(namespace, workers=2))
    (operator,) = kubectl.json("get", "deployments", "-l", "app.kubernetes.io/component=operator")["items"]
    assert "--workers=2" in operator["spec"]["template"]["spec"]["containers"][0]["args"]
    ready(kubectl)
    assert set(server_pods(kubectl)) == pods, "an upgrade of the operator restarted a server"
    assert versions(kubectl, "ingresses") == routes, "an upgrade of the operator wrote a route"
    kubectl("scale", "sio/chat", "--replicas=2")
    ready(kubectl)

    tested = values(namespace, workers=2, test={"image": load_image("chat")}, serviceMonitor={"enabled": True})
    helm("upgrade", RELEASE, str(CHART), "--wait", "--timeout=90s", "-f", "-", input=tested)
    wait_for(lambda: reconciles(scraped(kubectl)), 30, "reconciles in the metrics")
    assert f'namespace="{namespace}",reason="Ready",status="True",type="Ready"' in scraped(kubectl)
    assert re.search(r"^Phase: +Succeeded$", helm("test", RELEASE, "--timeout=150s"), re.MULTILINE)
    assert [one["metadata"]["name"] for one in kubectl.json("get", "sio")["items"]] == ["chat"], "a test leaves nothing"

    helm("uninstall", RELEASE, "--wait")
    assert kubectl.json("get", "deployments", "-l", "app.kubernetes.io/component=operator")["items"] == []
    assert kubectl.json("get", "sio", "chat")["status"]["readyReplicas"] == 2, "CRD and cluster stay"
    left = set(server_pods(kubectl))
    assert pods < left
    assert len(left) == 2

    # A Service without ready pods uses those that terminate: the former test's would answer for this one's.
    former = f"--selector=socketio-operator.dev/cluster={RELEASE}-socketio-operator-test"
    kubectl("wait", "--for=delete", "pods", former, "--timeout=60s")
    # As on OpenShift, which assigns ids of a million and more, and with a token for no pod but its own.
    as_assigned = {"podSecurityContext": {"runAsUser": 1000680000}, "serviceAccount": {"automount": False}}
    text = values(namespace, **as_assigned, test={"image": "registry.local/none:1", "seconds": 2})
    helm("install", RELEASE, str(CHART), "--wait", "--timeout=90s", "-f", "-", input=text)
    with pytest.raises(HelmError, match="failed"):
        helm("test", RELEASE, "--timeout=60s")
    assert "opened no session within 2 s" in kubectl("logs", "-l", "app.kubernetes.io/component=test")
    ready(kubectl)
    kubectl("scale", "sio/chat", "--replicas=1")
    wait_for(lambda: len(server_pods(kubectl)) == 1, 60, "a pod less, by an operator under an assigned id")
    assert set(server_pods(kubectl)) < left, "a new installation takes over what runs"
