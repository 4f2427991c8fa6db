"""End-to-end tests: the operator runs in the cluster as users install it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.installation import NAME, NAMESPACE, install_objects

IMAGES = (
    *("pause", "redis", "chat", "chat-own-adapter", "chat-python", "rooms"),
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
