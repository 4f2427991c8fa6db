"""Argo CD on a real cluster, with a repository that holds the operator's chart and clusters."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.gitops.applications import CASCADE, Delivered, delivered
from tests.gitops.argo_cd import ArgoCD, argo_cd
from tests.gitops.examples import example
from tests.gitops.repository import Repository, new_repository
from tests.gitops.team import Team
from tests.helm.tool import CHART
from tests.installation import chart_values

IMAGES = ("pause", "redis", "chat", "runtime-node", "runtime-python", "socketio-operator")


@pytest.fixture(scope="session")
def argo(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ArgoCD]:
    """Argo CD with gitops/argo-cd/argocd-cm.yaml."""
    with argo_cd(cluster, tmp_path_factory.mktemp("argo-cd")) as running:
        yield running


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """It holds the chart and the values that the operator is installed with."""
    repository = new_repository(tmp_path_factory.mktemp("repository"))
    shutil.copytree(CHART, repository.folder / "helm" / CHART.name)
    repository.commit({"values/operator.yaml": yaml.safe_dump(chart_values())})
    return repository


@pytest.fixture(scope="session")
def operator(
    argo: ArgoCD, repository: Repository, load_image: Callable[[str | Path], str], cluster: Cluster
) -> Iterator[Delivered]:
    """The operator, installed by an Application of its chart."""
    for image in IMAGES:
        load_image(image)
    manifest = example("operator.yaml", repository.url)
    manifest["metadata"]["finalizers"] = [CASCADE]
    with delivered(argo, manifest) as application:
        application.wait("Synced", "Healthy", 180)
        yield application


@pytest.fixture
def team(operator: Delivered, repository: Repository, kubectl: Kubectl) -> Team:
    """A team's folder and namespace, with nothing in them."""
    return Team(repository, kubectl)


@pytest.fixture
def chat(argo: ArgoCD, team: Team) -> Iterator[Delivered]:
    """The team's chat of two pods, which serves."""
    revision = team.write()
    with team.delivered(argo) as chat:
        chat.wait("Synced", "Healthy", 120, revision)
        yield chat
