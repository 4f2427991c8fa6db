"""The operator as a process: how it starts, tells its health and ends."""

import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from tests.api.conftest import HEALTH, Apply
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import WaitFor
from tests.installation import NAME, NAMESPACE
from tests.operator_process import OperatorProcess, wait_synced
from tests.traffic.ports import free_port

pytestmark = pytest.mark.api

READY = urljoin(HEALTH, "/readyz")


def asked(url: str) -> tuple[int, Any]:
    """Code and answer; AssertionError while nobody listens."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
    except urllib.error.URLError as error:
        raise AssertionError(f"{url}: {error}") from None


def is_ready() -> Any:
    code, found = asked(READY)
    return found if code == 200 else None


def test_readiness_tells_of_every_watch(operator: OperatorProcess, wait_for: WaitFor) -> None:
    watches = wait_for(is_ready, 15, "readiness")["watches"]
    assert {"watch of deployments", "watch of pods", "watch of replicasets", "watch of ingresses"} <= set(watches)
    assert not [name for name in watches if "secrets" in name]
    assert max(watches.values()) < 120
    assert asked(HEALTH)[0] == 200


def test_no_probe_is_in_the_log(operator: OperatorProcess, wait_for: WaitFor) -> None:
    wait_for(is_ready, 15, "readiness")
    position = operator.log.stat().st_size
    for _ in range(3):
        asked(HEALTH)
    assert b"healthz" not in operator.log.read_bytes()[position:]


def samples(name: str) -> dict[frozenset[tuple[str, str]], float]:
    """Value by labels of a metric of the running operator; as for OpenMetrics, which Prometheus prefers."""
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    with urllib.request.urlopen(
        urllib.request.Request(urljoin(HEALTH, "/metrics"), headers=accept), timeout=5
    ) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))  # type: ignore[no-untyped-call]
    found = (sample for family in families for sample in family.samples if sample.name == name)
    return {frozenset(sample.labels.items()): sample.value for sample in found}


@pytest.mark.usefixtures("operator")
def test_metrics_tell_of_reconciles_requests_and_conditions(kubectl: Kubectl, apply: Apply, wait_for: WaitFor) -> None:
    def conditions() -> dict[str, tuple[str, str]]:
        found = (dict(labels) for labels in samples("socketio_operator_cluster_condition"))
        ours = (one for one in found if (one["namespace"], one["name"]) == (kubectl.namespace, "chat"))
        return {one["type"]: (one["status"], one["reason"]) for one in ours}

    def told() -> dict[str, tuple[str, str]]:
        status = kubectl.json("get", "sio", "chat").get("status", {})
        return {one["type"]: (one["status"], one["reason"]) for one in status.get("conditions", ())}

    ends, created = "controller_runtime_reconcile_total", ("code", "201")
    wait_for(is_ready, 15, "readiness")
    before = sum(samples(ends).values()), requests(created)
    apply(replicas=1)
    wait_for(lambda: conditions() and conditions() == told(), 30, "the status in the metrics")
    assert sum(samples(ends).values()) > before[0]
    assert requests(created) >= before[1] + 3, "Deployment, Services and Ingress were created"
    assert max(samples("socketio_operator_watch_silence_seconds").values()) < 120
    assert samples("socketio_operator_clusters")[frozenset()] >= 1
    kubectl("delete", "sio", "chat")
    wait_for(lambda: conditions() == {}, 30, "nothing of a cluster that is gone")


def requests(label: tuple[str, str]) -> float:
    return sum(value for labels, value in samples("rest_client_requests_total").items() if label in labels)


@pytest.fixture
def alone(cluster: Cluster, tmp_path: Path) -> Iterator[Callable[..., OperatorProcess]]:
    """alone(kubeconfig, *options): one more operator, which is ended after the test."""
    started: list[OperatorProcess] = []

    def start(kubeconfig: Path, *options: str) -> OperatorProcess:
        started.append(OperatorProcess(kubeconfig, tmp_path / "alone.log", *options))
        started[-1].start()
        return started[-1]

    yield start
    for process in started:
        if process.running:
            process.stop()


def test_without_an_api_server_it_is_alive_and_not_ready(
    alone: Callable[..., OperatorProcess], cluster: Cluster, tmp_path: Path, wait_for: WaitFor
) -> None:
    """A restart would not help."""
    config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{free_port()}"
    nowhere, port = tmp_path / "kubeconfig", free_port()
    nowhere.write_text(yaml.safe_dump(config), encoding="utf-8")
    process = alone(nowhere, f"--health=http://127.0.0.1:{port}/healthz")
    assert wait_for(lambda: asked(f"http://127.0.0.1:{port}/healthz"), 15, "health")[0] == 200
    assert asked(f"http://127.0.0.1:{port}/readyz")[0] == 503
    wait_for(lambda: b"the API server does not answer" in process.log.read_bytes(), 15, "the reason in the log")
    assert process.running


def test_many_namespaces_leave_room_for_writes(
    alone: Callable[..., OperatorProcess],
    operator: OperatorProcess,
    apply: Apply,
    cluster: Cluster,
    kubectl: Kubectl,
    namespace: str,
    wait_for: WaitFor,
) -> None:
    """Each watch holds a connection: 16 namespaces have more of them than aiohttp's pool of 100."""
    with away(operator):
        others = [f"--namespace={namespace}-{number}" for number in range(15)]
        alone(cluster.kubeconfig, f"--namespace={namespace}", *others)
        apply(replicas=0)
        wait_for(lambda: kubectl("get", "ingress", "chat"), 30, "all children")


def test_a_token_that_is_refused_is_renewed(
    alone: Callable[..., OperatorProcess],
    operator: OperatorProcess,
    apply: Apply,
    cluster: Cluster,
    kubectl: Kubectl,
    namespace: str,
    tmp_path: Path,
    wait_for: WaitFor,
) -> None:
    with away(operator):
        token, system = tmp_path / "token", Kubectl(cluster, NAMESPACE)

        def issue(bound_to: str) -> None:
            system("create", "secret", "generic", bound_to)
            bound = ("--bound-object-kind=Secret", f"--bound-object-name={bound_to}")
            token.write_text(system("create", "token", NAME, *bound).strip(), encoding="utf-8")

        first, second = f"{namespace}-1", f"{namespace}-2"
        issue(first)
        config = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
        config["users"][0]["user"] = {"tokenFile": str(token)}
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(config), encoding="utf-8")
        process = alone(kubeconfig, "--resync=3")
        apply(replicas=0)
        wait_for(lambda: kubectl("get", "ingress", "chat"), 20, "all children")
        issue(second)
        system("delete", "secret", first)  # ends the first token
        wait_for(lambda: b"it was renewed" in process.log.read_bytes(), 30, "a renewal")
        kubectl("scale", "sio/chat", "--replicas=4")
        replicas = ("get", "deployment", "chat", "-o", "jsonpath={.spec.replicas}")
        wait_for(lambda: kubectl(*replicas) == "4", 20, "four replicas")
        assert process.running
        system("delete", "secret", second)


@contextmanager
def away(operator: OperatorProcess) -> Iterator[None]:
    """Without the operator that other tests share."""
    operator.stop()
    try:
        yield
    finally:
        position = operator.log.stat().st_size
        operator.start()
        wait_synced(operator, position)


def test_it_ends_well_on_sigterm(operator: OperatorProcess) -> None:
    position = operator.log.stat().st_size
    assert operator.stop() == 0
    operator.start()
    wait_synced(operator, position)


def test_without_a_cluster_it_says_so(tmp_path: Path) -> None:
    missing = tmp_path / "kubeconfig"
    command = [sys.executable, "-m", "socketio_operator", "run", f"--kubeconfig={missing}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "No way to reach an API server" in done.stderr
    assert "Traceback" not in done.stderr
