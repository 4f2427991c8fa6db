"""The chart's monitors and the alerts of the documentation, with Prometheus Operator and Prometheus."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests import crds
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.e2e.test_lifecycle import POD, apply, ready
from tests.helm.tool import CHART, CRD, RELEASE, Helm, helm_binary, installed_by
from tests.installation import chart_values
from tests.monitoring.prometheus import CRDS, LABELS, Prometheus, instance, prometheus, prometheus_operator

pytestmark = [pytest.mark.node, pytest.mark.long]

PAGE = Path(__file__).parents[2] / "docs" / "operator-metrics.md"
ALERT = re.compile(r"^\| `([^`]+)` \| \w+ \| (.+) \|$", re.MULTILINE)
NAME = "sio-socketio-operator"


def alerts() -> dict[str, str]:
    """Expression by the first words of its meaning."""
    text = PAGE.read_text("utf-8").partition("## Alerts")[2]
    return {" ".join(meaning.split()[:4]): expression for expression, meaning in ALERT.findall(text)}


@pytest.fixture(scope="module")
def operator_of_prometheus(cluster: Cluster) -> Iterator[None]:
    found = crds.of_prometheus_operator(*CRDS)
    with crds.serving(Kubectl(cluster, "default"), *found), prometheus_operator(cluster):
        yield


@pytest.fixture(params=["serviceMonitor", "podMonitor"])
def monitored(
    request: pytest.FixtureRequest,
    operator_of_prometheus: None,
    cluster: Cluster,
    kubectl: Kubectl,
    load_image: Callable[[str | Path], str],
    tmp_path: Path,
) -> Iterator[Prometheus]:
    """A Prometheus that follows a release of the chart, by either monitor."""
    for image in ("pause", "redis", "chat", "runtime-node", "socketio-operator"):
        load_image(image)
    kubectl("delete", CRD, "--ignore-not-found", "--wait")
    monitor = {request.param: {"enabled": True, "labels": LABELS}}
    values = yaml.safe_dump({**chart_values(), "watchNamespaces": [kubectl.namespace], **monitor})
    with installed_by(Helm(helm_binary(4), cluster.kubeconfig, kubectl.namespace)) as helm:
        helm("install", RELEASE, str(CHART), "--wait", "--timeout=90s", "-f", "-", input=values)
        kubectl.apply(instance())
        with prometheus(cluster, kubectl, tmp_path) as running:
            yield running


def scrapes_one(prometheus: Prometheus) -> bool:
    """Raises AssertionError with what is wrong."""
    found = [(one["health"], one["lastError"]) for one in prometheus.targets()]
    assert found == [("up", "")]
    return True


def test_a_monitor_is_scraped_and_the_alerts_of_the_page_say_what_is(
    monitored: Prometheus, kubectl: Kubectl, wait_for: WaitFor
) -> None:
    wait_for(lambda: scrapes_one(monitored), 60, "one target")
    apply(kubectl, replicas=1)
    ready(kubectl)
    of_chat = {"namespace": kubectl.namespace, "name": "chat"}.items()
    now = 'socketio_operator_cluster_condition{type="Ready",status="True"}'
    (found,) = wait_for(lambda: monitored.query(now), 30, "the condition")
    assert of_chat <= found.items()
    listed = alerts()
    assert {meaning: monitored.query(expression) for meaning, expression in listed.items()} == {
        "clients cannot connect to": [],
        "clients can connect, but": [],
        "a SocketIOCluster needs a": [],
        "the operator does not": [],
        "reconciles fail again and": [],
        "a watch hears nothing:": [],
        "the operator has lost": [],
    }

    kubectl("create", "secret", "generic", "api", "--from-literal=other=1")
    token = {"name": "API_KEY", "valueFrom": {"secretKeyRef": {"name": "api", "key": "token"}}}
    apply(kubectl, replicas=1, env=[token])
    (found,) = wait_for(lambda: monitored.query(listed["a SocketIOCluster needs a"]), 120, "an alert of Stalled")
    assert of_chat | {"reason": "SecretKeyNotFound"}.items() <= found.items()
    apply(kubectl, replicas=1, adapter={"managed": {"image": "registry.local/none:1"}})
    (found,) = wait_for(lambda: monitored.query(listed["clients can connect, but"]), 60, "an alert without Redis")
    assert of_chat <= found.items()
    apply(kubectl, replicas=1, image="registry.local/none:1")
    kubectl("delete", "pods", "-l", POD, "--grace-period=1")
    (found,) = wait_for(lambda: monitored.query(listed["clients cannot connect to"]), 60, "an alert of an outage")
    assert of_chat <= found.items()

    kubectl("delete", "rolebindings", "--all")
    wait_for(lambda: monitored.query(listed["the operator has lost"]), 60, "the alert of a lost permission")
    apply(kubectl, replicas=2)
    wait_for(lambda: monitored.query(listed["reconciles fail again and"]), 60, "the alert of failed reconciles")

    assert monitored.query(listed["the operator does not"]) == []
    kubectl("scale", f"deployment/{NAME}", "--replicas=0")
    wait_for(lambda: monitored.query(listed["the operator does not"]), 60, "the alert of an operator that is away")
