"""The examples for Flux are what its CRDs take."""

from pathlib import Path

import pytest
import yaml

from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.gitops.flux.controllers import install
from tests.gitops.flux.kustomizations import EXAMPLES

pytestmark = [pytest.mark.api, pytest.mark.long]


@pytest.fixture
def served(kubectl: Kubectl) -> Kubectl:
    """kubectl where Flux's CRDs are served, but that of HelmRelease, whose module cannot be had everywhere."""
    install(kubectl)
    return kubectl


def tried(kubectl: Kubectl, text: str) -> str:
    """What the API server says of manifests that it does not keep, in the namespace of kubectl."""
    here = text.replace("namespace: flux-system", f"namespace: {kubectl.namespace}")
    return kubectl("create", "--dry-run=server", "--validate=strict", "--filename=-", input=here)


@pytest.mark.parametrize(
    "path", [EXAMPLES / "source.yaml", EXAMPLES / "kustomizations.yaml"], ids=lambda path: str(path.stem)
)
def test_an_example_is_taken(served: Kubectl, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert tried(served, text).count("created") == len(list(yaml.safe_load_all(text)))


def test_a_field_that_flux_does_not_have_is_refused(served: Kubectl) -> None:
    text = (EXAMPLES / "kustomizations.yaml").read_text(encoding="utf-8")
    with pytest.raises(KubectlError, match="unknown field"):
        tried(served, text.replace("wait: true", "waits: true"))
