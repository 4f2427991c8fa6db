"""The examples for Flux are what its CRDs take."""

from pathlib import Path

import pytest
import yaml

from tests import crds
from tests.cluster.errors import KubectlError
from tests.cluster.kubectl import Kubectl
from tests.gitops.programs import source
from tests.reading.readers import ARGO_CD

pytestmark = [pytest.mark.api, pytest.mark.long]

EXAMPLES = ARGO_CD.with_name("flux")
VERSION = "v1.10.1"
CRDS = {
    "source-controller": "source.toolkit.fluxcd.io_gitrepositories",
    "kustomize-controller": "kustomize.toolkit.fluxcd.io_kustomizations",
}


@pytest.fixture
def flux(kubectl: Kubectl) -> Kubectl:
    """kubectl where Flux's CRDs are served, but that of HelmRelease, whose module cannot be had everywhere."""
    for controller, name in CRDS.items():
        path = source(f"github.com/fluxcd/{controller}@{VERSION}") / "config" / "crd" / "bases" / f"{name}.yaml"
        crds.serve(kubectl, yaml.safe_load(path.read_text(encoding="utf-8")))
    return kubectl


def tried(flux: Kubectl, text: str) -> str:
    """What the API server says of manifests that it does not keep, in the namespace of kubectl."""
    here = text.replace("namespace: flux-system", f"namespace: {flux.namespace}")
    return flux("create", "--dry-run=server", "--validate=strict", "--filename=-", input=here)


@pytest.mark.parametrize(
    "path", [EXAMPLES / "source.yaml", EXAMPLES / "kustomizations.yaml"], ids=lambda path: str(path.stem)
)
def test_an_example_is_taken(flux: Kubectl, path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert tried(flux, text).count("created") == len(list(yaml.safe_load_all(text)))


def test_a_field_that_flux_does_not_have_is_refused(flux: Kubectl) -> None:
    text = (EXAMPLES / "kustomizations.yaml").read_text(encoding="utf-8")
    with pytest.raises(KubectlError, match="unknown field"):
        tried(flux, text.replace("wait: true", "waits: true"))
