"""What gitops/argo-cd/examples holds, and the values of the chart that it is tried with."""

from typing import Any

import yaml

from tests.installation import OPERATOR_IMAGE, TEST_IMAGES
from tests.reading.readers import ARGO_CD

EXAMPLES = ARGO_CD / "examples"
REPOSITORY = "https://git.example.com/platform.git"


def example(name: str, url: str) -> dict[str, Any]:
    """The manifest in a file, with another repository."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert REPOSITORY in text
    found: dict[str, Any] = yaml.safe_load(text.replace(REPOSITORY, url))
    return found


def operator_values() -> dict[str, object]:
    """Values of the chart: images of the test cluster."""
    names = {"--redis-image": "redis", "--runtime-node-image": "runtimeNode", "--runtime-python-image": "runtimePython"}
    repository, _, tag = OPERATOR_IMAGE.rpartition(":")
    return {
        "image": {"repository": repository, "tag": tag},
        "defaultImages": {name: TEST_IMAGES[option] for option, name in names.items()},
    }
