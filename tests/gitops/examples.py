"""What gitops/argo-cd/examples holds."""

from typing import Any

import yaml

from tests.reading.readers import ARGO_CD

EXAMPLES = ARGO_CD / "examples"
REPOSITORY = "https://git.example.com/platform.git"


def example(name: str, url: str) -> dict[str, Any]:
    """The manifest in a file, with another repository."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    assert REPOSITORY in text
    found: dict[str, Any] = yaml.safe_load(text.replace(REPOSITORY, url))
    return found
