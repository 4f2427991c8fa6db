"""Every image of ours runs under the pod security level `restricted` with a read-only root file system."""

from __future__ import annotations

import urllib.request
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import LoadImage, WaitFor


def pod(name: str, image: str, arguments: list[str]) -> dict[str, Any]:
    """A pod as strict as it gets, with nothing writable but /tmp."""
    container = {
        "name": name,
        "image": image,
        "args": arguments,
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
    }
    spec = {
        "containers": [container],
        "restartPolicy": "Never",
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "terminationGracePeriodSeconds": 1,
        "volumes": [{"name": "tmp", "emptyDir": {}}],
    }
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": spec}


@pytest.mark.node
@pytest.mark.parametrize(("name", "port", "text"), [("chat", 3000, b"<html"), ("nginx", 8080, b"nginx")])
def test_a_server_image_answers(
    name: str, port: int, text: bytes, kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor
) -> None:
    kubectl.apply(pod(name, load_image(name), []))
    address = wait_for(lambda: kubectl.json("get", "pod", name)["status"].get("podIP"), 20, "the pod's address")

    def page() -> bytes | None:
        try:
            with urllib.request.urlopen(f"http://{address}:{port}/", timeout=5) as answer:
                content: bytes = answer.read()
                return content
        except OSError:
            return None

    assert text in wait_for(page, 20, f"{name} to answer on port {port}")


@pytest.mark.node
def test_the_operator_image_runs_the_working_trees_operator(
    kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor
) -> None:
    kubectl.apply(pod("operator", load_image("socketio-operator"), ["crd"]))
    wait_for(
        lambda: kubectl.json("get", "pod", "operator")["status"]["phase"] == "Succeeded", 30, "the operator to end"
    )
    assert "kind: CustomResourceDefinition" in kubectl("logs", "operator")
