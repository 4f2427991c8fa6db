"""Flux on a real cluster, with a repository that holds the operator and a team's cluster."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.gitops.conftest import IMAGES
from tests.gitops.flux.controllers import flux
from tests.gitops.flux.git_server import served
from tests.gitops.flux.kustomizations import Kustomization, example, kustomized, of, source
from tests.gitops.repository import Repository, new_repository
from tests.gitops.team import Team
from tests.installation import install_objects


@pytest.fixture(scope="session")
def controllers(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl, in the namespace of a Flux that runs."""
    with flux(cluster, tmp_path_factory.mktemp("flux")) as kubectl:
        yield kubectl


@pytest.fixture(scope="session")
def repository(controllers: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """It holds what the operator is installed with; a GitRepository of Flux follows it."""
    repository = new_repository(tmp_path_factory.mktemp("repository"))
    repository.commit({"operator/install.yaml": yaml.safe_dump_all(install_objects())})
    with served(repository.folder) as url:
        controllers.apply(source(url))
        yield repository
        controllers("delete", "gitrepository", "--all")


@pytest.fixture(scope="session")
def operator(
    controllers: Kubectl, repository: Repository, load_image: Callable[[str | Path], str]
) -> Iterator[Kustomization]:
    """The operator's Kustomization, as soon as it is there: what depends on it waits for it."""
    for image in IMAGES:
        load_image(image)
    with kustomized(controllers, example("socketio-operator")) as delivered:
        yield delivered


@pytest.fixture
def chat(controllers: Kubectl, team: Team) -> Iterator[Kustomization]:
    """The team's chat of two pods, which serves."""
    revision = team.write()
    with kustomized(controllers, of(team)) as chat:
        chat.wait(revision)
        yield chat
