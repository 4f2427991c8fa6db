"""Tests that need an API server: the operator runs as a process with the rights of its ServiceAccount."""

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.operator_process import OperatorProcess, running_operator
from tests.traffic.ports import free_port

HEALTH = f"http://127.0.0.1:{free_port()}/healthz"
# No pod of it ever starts: these tests are about objects.
IMAGE = "registry.local/none:1"


@pytest.fixture(scope="package")
def operator(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """A running operator; a short resync makes what it does at rest happen often."""
    options = ("--resync=3", f"--health={HEALTH}")
    with running_operator(cluster, tmp_path_factory.mktemp("operator"), *options) as process:
        yield process


@pytest.fixture(autouse=True)
def operator_left_running(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that fails while it has the operator stopped takes no other test along."""
    needed = "operator" in request.fixturenames
    process: OperatorProcess | None = request.getfixturevalue("operator") if needed else None
    yield
    if process and not process.running:
        process.start()


@pytest.fixture
def own_address(cluster: Cluster) -> str:
    """An address of this machine on the cluster's network; a loopback address means another machine in each pod."""
    server = urlsplit(
        yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
    )
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server.hostname, server.port))
        address: str = probe.getsockname()[0]
    if address.startswith("127."):
        pytest.skip("the cluster is reached over loopback, so this machine has no address of its own there")
    return address


Apply = Callable[..., None]


@pytest.fixture
def apply(kubectl: Kubectl, namespace: str) -> Apply:
    """apply(name, **spec): applies a SocketIOCluster as users do, by `kubectl apply`."""

    def apply_cluster(name: str = "chat", **spec: Any) -> None:
        kubectl.apply(
            {
                "apiVersion": "socketio-operator.dev/v1alpha1",
                "kind": "SocketIOCluster",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"image": IMAGE, "routing": {"host": f"{name}.{namespace}.localhost"}, **spec},
            }
        )

    return apply_cluster


def pods_are_still(kubectl: Kubectl) -> bool:
    """Whether each pod is as far as it gets: ready, without its image, or without a node."""
    pods = kubectl.json("get", "pods")["items"]
    return bool(pods) and all(_is_still(pod) for pod in pods)


def _is_still(pod: dict[str, Any]) -> bool:
    status = pod["status"]
    states = [item["state"].get("waiting", {}).get("reason", "") for item in status.get("containerStatuses", ())]
    conditions = {item["type"]: (item["status"], item.get("reason")) for item in status.get("conditions", ())}
    return (
        conditions.get("Ready", ("",))[0] == "True"
        or "ImagePullBackOff" in states
        or conditions.get("PodScheduled") == ("False", "Unschedulable")
        or not conditions  # no scheduler runs
    )
