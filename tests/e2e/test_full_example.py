"""The example of every field is one that gets Ready."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import KIND
from tests.cluster.kubectl import Kubectl
from tests.traffic.chat_cluster import server_pods, wait_condition, wait_ready
from tests.traffic.continuity.volumes import volume, volume_of_every_node

pytestmark = [pytest.mark.node, pytest.mark.usefixtures("operator", "proxy_images")]

FULL = Path(__file__).parents[2] / "examples" / "full.yaml"
# What these machines have instead of the images that the example names.
IMAGES = {"redis:7.4-alpine": "registry.local/redis:7", "haproxy:3.2": "registry.local/proxy-haproxy:1"}
FOUND = "Each request of the operator's own session found it."
CLUSTER_WIDE = ("PriorityClass", "RuntimeClass")


def test_the_example_of_every_field_gets_ready(kubectl: Kubectl, certificate: Path) -> None:
    text = FULL.read_text(encoding="utf-8")
    for name, here in IMAGES.items():
        text = text.replace(f"image: {name}", f"image: {here}")
    objects = list(yaml.safe_load_all(text))
    # As cert-manager does.
    kubectl("create", "secret", "tls", "chat-tls", f"--cert={certificate / 'crt'}", f"--key={certificate / 'key'}")
    with volume(kubectl, "standard"), volume_of_every_node(kubectl, "standard"):
        try:
            for one in objects:
                kubectl.apply(one)
            wait_ready(kubectl, "chat")
            assert conditions(kubectl)["Ready"]["message"] == "3 of 3 pods are ready."
            # No client has come but the operator's.
            wait_condition(kubectl, "chat", "Sticky", "True")
            assert conditions(kubectl)["Sticky"]["message"] == FOUND
            assert kubectl.json("get", KIND, "chat")["status"]["lastVerified"]
            for pod in server_pods(kubectl, "chat"):
                assert "admin UI: open in /admin, read-only, mode production" in kubectl("logs", pod.name)
        finally:
            kubectl("delete", "sio", "chat", "--wait=true")
            for one in objects:
                if one["kind"] in CLUSTER_WIDE:
                    kubectl("delete", one["kind"], one["metadata"]["name"])


def conditions(kubectl: Kubectl) -> dict[str, Any]:
    assert kubectl.json("get", KIND, "chat")["spec"]["replicas"] == 3
    return {item["type"]: item for item in kubectl.json("get", KIND, "chat")["status"]["conditions"]}
