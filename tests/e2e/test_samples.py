"""Each of manifests/samples/ gets Ready, with what these machines have in place of its images and its broker."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from socketio_operator.api import KIND
from tests.cluster.kubectl import Kubectl
from tests.traffic.chat_cluster import wait_condition

pytestmark = [pytest.mark.node, pytest.mark.long, pytest.mark.usefixtures("operator", "proxy_images")]

FOLDER = Path(__file__).parents[2] / "manifests" / "samples"
SAMPLES = sorted(set(FOLDER.glob("*.yaml")) - {FOLDER / "kustomization.yaml"})
HERE = {
    "registry.example/chat:1.4": "registry.local/chat:1",
    "registry.example/chat-python:1.4": "registry.local/chat-python:1",
    "redis.example:6379": "brought-redis:6379",
}
# All of them start at once, on two nodes.
READY_SECONDS = 300
REDIS = ["redis-server", "--requirepass", "change-me", "--protected-mode", "no", "--save", ""]
RESTRICTED = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def objects(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    for name, here in HERE.items():
        text = text.replace(name, here)
    return list(yaml.safe_load_all(text))


def bring_redis(kubectl: Kubectl) -> None:
    labels = {"app": "brought-redis"}
    container = {"name": "redis", "image": "registry.local/redis:7", "command": REDIS, "securityContext": RESTRICTED}
    meta = {"name": "brought-redis", "labels": labels}
    kubectl.apply({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {"containers": [container]}})
    spec = {"selector": labels, "ports": [{"port": 6379}]}
    kubectl.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "brought-redis"}, "spec": spec})


def test_every_sample_gets_ready(kubectl: Kubectl, certificate: Path) -> None:
    bring_redis(kubectl)
    # As cert-manager does.
    files = (f"--cert={certificate / 'crt'}", f"--key={certificate / 'key'}")
    kubectl("create", "secret", "tls", "chat-tls-certificate", *files)
    found = [one for path in SAMPLES for one in objects(path)]
    for one in found:
        kubectl.apply(one)
    names = [one["metadata"]["name"] for one in found if one["kind"] == KIND]
    assert len(names) == len(set(names)) == len(SAMPLES) >= 12
    for name in names:
        wait_condition(kubectl, name, "Ready", "True", READY_SECONDS)
