"""The built images in pods: kubelet and containerd take the archives, and the level `restricted` takes the images."""

from __future__ import annotations

import urllib.request

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import LoadImage, WaitFor
from tests.cluster.test_running_images import pod
from tests.images.building import build, save

pytestmark = [pytest.mark.node, pytest.mark.long]


@pytest.mark.parametrize("name", ["chat", "chat-python"])
def test_a_chat_answers_a_handshake(name: str, kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor) -> None:
    kubectl.apply(pod(name, load_image(save(build(name))), []))
    address = wait_for(lambda: kubectl.json("get", "pod", name)["status"].get("podIP"), 20, "the pod's address")

    def greeting() -> str:
        url = f"http://{address}:3000/socket.io/?EIO=4&transport=polling"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    assert wait_for(greeting, 20, f"{name} to answer").startswith('0{"sid"')


def test_the_operator_prints_its_resource(kubectl: Kubectl, load_image: LoadImage, wait_for: WaitFor) -> None:
    kubectl.apply(pod("operator", load_image(save(build("socketio-operator"))), ["crd"]))
    wait_for(
        lambda: kubectl.json("get", "pod", "operator")["status"]["phase"] == "Succeeded", 30, "the operator to end"
    )
    assert "kind: CustomResourceDefinition" in kubectl("logs", "operator")
