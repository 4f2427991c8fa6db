"""Clusters on a real API server, held still in a state: the test reports in place of the operator."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import crds
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.plugin import fresh_namespace
from tests.reading.states import STATES

CRD = Path(__file__).parents[2] / "crds" / "socketioclusters.yaml"


@pytest.fixture(scope="module")
def space(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Kubectl]:
    """kubectl in a namespace for all of a module; the CRD is served, and no operator runs."""
    crds.serve(Kubectl(cluster, "default"), yaml.safe_load(CRD.read_text(encoding="utf-8")))
    title = request.module.__name__.rpartition(".test_")[2]
    with fresh_namespace(cluster, title, request.config) as kubectl:
        yield kubectl


def cluster_name(state: str) -> str:
    """The name of the cluster that is held in `state`."""
    return f"chat-{list(STATES).index(state)}"


def report(kubectl: Kubectl, cluster: str, wanted: dict[str, Any]) -> None:
    """Writes the status of `wanted`, as the operator would; before that its spec, if that is a change."""
    if wanted["metadata"]["generation"] > 1:
        _patch(kubectl, cluster, {"spec": wanted["spec"]})
    live = _patch(kubectl, cluster, {"status": wanted["status"]}, "--subresource=status")
    assert live["metadata"]["generation"] == wanted["metadata"]["generation"]
    assert live["status"] == wanted["status"]


def _patch(kubectl: Kubectl, cluster: str, change: dict[str, Any], *options: str) -> Any:
    return kubectl.json("patch", f"sio/{cluster}", "--type=merge", f"--patch={json.dumps(change)}", *options)
