"""Helm of both versions, and the chart that users have."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import crds
from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.helm import former
from tests.helm.tool import CRD, HELM_VERSIONS, NO_CLUSTER, Helm, helm_binary
from tests.installation import NAMESPACE


@pytest.fixture(scope="session")
def former_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart that an upgrade begins with."""
    return former.former_chart(tmp_path_factory.mktemp("former"))


@pytest.fixture(params=sorted(HELM_VERSIONS), ids=lambda major: f"helm{major}")
def helm(request: pytest.FixtureRequest) -> Helm:
    """Helm without a cluster; tests on one have their own."""
    return Helm(helm_binary(request.param), NO_CLUSTER, NAMESPACE)


@pytest.fixture
def without_crd(kubectl: Kubectl) -> None:
    """As a user without the CRD begins; other tests may have left theirs, which Helm would not take over."""
    kubectl("delete", CRD, "--ignore-not-found", "--wait")


@pytest.fixture(scope="module")
def prometheus_operator(cluster: Cluster) -> Iterator[None]:
    """The CRDs of Prometheus Operator that the chart has objects of."""
    with crds.serving(Kubectl(cluster, "default"), *crds.of_prometheus_operator("servicemonitors", "podmonitors")):
        yield
