"""The operator as users install it, with the images of the test cluster."""

from pathlib import Path
from typing import Any

import yaml

from socketio_operator.desired.proxy.programs import PROGRAMS

INSTALL = Path(__file__).parents[1] / "manifests" / "install.yaml"
NAMESPACE = "socketio-operator-system"
NAME = "socketio-operator"
OPERATOR_IMAGE = "registry.local/socketio-operator:dev"
TEST_IMAGES = {
    "--redis-image": "registry.local/redis:7",
    "--runtime-node-image": "registry.local/runtime-node:1",
    "--runtime-python-image": "registry.local/runtime-python:1",
    **{f"--{program}-image": f"registry.local/proxy-{program}:1" for program in PROGRAMS},
}
# The variables of the operator's container that its image flags are made of.
RELATED_IMAGES = {
    "RELATED_IMAGE_" + flag.removeprefix("--").removesuffix("-image").replace("-", "_").upper(): image
    for flag, image in TEST_IMAGES.items()
}


def chart_values() -> dict[str, Any]:
    """Values of the chart: the images of the test cluster, but those of the proxies."""
    repository, _, tag = OPERATOR_IMAGE.rpartition(":")
    return {
        "image": {"repository": repository, "tag": tag},
        "defaultImages": {
            "redis": TEST_IMAGES["--redis-image"],
            "runtimeNode": TEST_IMAGES["--runtime-node-image"],
            "runtimePython": TEST_IMAGES["--runtime-python-image"],
        },
    }


def install_objects() -> list[dict[str, Any]]:
    """The objects of manifests/install.yaml, image references replaced and nothing else."""
    objects = list(yaml.safe_load_all(INSTALL.read_text(encoding="utf-8")))
    for manifest in objects:
        if manifest["kind"] == "Deployment":
            (container,) = manifest["spec"]["template"]["spec"]["containers"]
            container["image"] = OPERATOR_IMAGE
            for variable in container["env"]:
                variable["value"] = RELATED_IMAGES.get(variable["name"], variable["value"])
    return objects
