"""End-to-end tests: the operator runs in the cluster as users install it."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from socketio_operator.desired.proxy.programs import PROGRAMS
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import fresh_namespace
from tests.installation import NAME, NAMESPACE, install_objects
from tests.traffic.route import routed_addresses

IMAGES = (
    *("pause", "redis", "chat", "chat-own-adapter", "chat-python", "rooms", "rooms-bundled"),
    *("runtime-node", "runtime-python", "socketio-operator"),
)


@pytest.fixture(scope="package")
def operator(cluster: Cluster, load_image: Callable[[str | Path], str]) -> Iterator[Kubectl]:
    """manifests/install.yaml applied; kubectl in the operator's namespace."""
    for image in IMAGES:
        load_image(image)
    kubectl = Kubectl(cluster, NAMESPACE)
    text = yaml.safe_dump_all(install_objects())
    kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", input=text)
    kubectl("rollout", "status", f"deployment/{NAME}", "--timeout=90s", timeout=100)
    yield kubectl
    kubectl("delete", "deployment", NAME)


@pytest.fixture(scope="package")
def proxy_images(load_image: Callable[[str | Path], str]) -> None:
    """The programs of routing.proxy on every node."""
    for program in PROGRAMS:
        load_image(f"proxy-{program}")


@pytest.fixture(scope="module")
def sources() -> Iterator[list[str]]:
    """An address for each of 60 clients."""
    with routed_addresses(60) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def space(cluster: Cluster, request: pytest.FixtureRequest, operator: Kubectl) -> Iterator[Kubectl]:
    """A namespace for all of a module."""
    title = request.module.__name__.rpartition(".test_")[2]
    with fresh_namespace(cluster, title, request.config) as kubectl:
        yield kubectl


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with `crt` and `key` for the hosts of the example."""
    subject = ["-subj", "/CN=chat.example.com", "-addext", "subjectAltName=DNS:chat.example.com"]
    files = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "crt")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path
