"""The Applications of gitops/argo-cd/examples, with another repository in the place of theirs."""

from datetime import datetime
from typing import Any

import pytest
import yaml

from tests.cluster.cluster import Cluster
from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.gitops.applications import Delivered, delivered
from tests.gitops.argo_cd import ArgoCD
from tests.gitops.examples import EXAMPLES, example
from tests.gitops.repository import Repository
from tests.gitops.team import Team

pytestmark = [pytest.mark.node, pytest.mark.long, pytest.mark.usefixtures("operator")]

WAVE = "argocd.argoproj.io/sync-wave"


def made(manifest: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(manifest["metadata"]["creationTimestamp"])


def ready_since(cluster: dict[str, Any]) -> datetime:
    (ready,) = (one for one in cluster["status"]["conditions"] if one["type"] == "Ready")
    assert ready["status"] == "True"
    return datetime.fromisoformat(ready["lastTransitionTime"])


@pytest.mark.parametrize("waves", [True, False])
def test_the_next_wave_waits_for_the_cluster(argo: ArgoCD, team: Team, waves: bool) -> None:
    files = {}
    for path in sorted((EXAMPLES / "chat").glob("*.yaml")):
        manifest = yaml.safe_load(path.read_text(encoding="utf-8"))
        if manifest["kind"] == "SocketIOCluster":
            manifest["spec"] = team.manifest()["spec"]
        if not waves:
            del manifest["metadata"]["annotations"][WAVE]
        files[f"{team.folder}/{path.name}"] = yaml.safe_dump(manifest)
    revision = team.repository.commit(files)
    with team.delivered(argo) as chat:
        chat.wait("Synced", "Healthy", 120, revision)
        announced = team.kubectl.json("get", "configmap", "chat-address")
        assert (made(announced) >= ready_since(team.live())) == waves


def test_the_application_of_a_cluster(argo: ArgoCD, team: Team) -> None:
    manifest = example("cluster.yaml", team.repository.url)
    manifest["metadata"]["name"] = manifest["spec"]["destination"]["namespace"] = team.kubectl.namespace
    manifest["spec"]["source"]["path"] = team.folder
    revision = team.write(replicas=2)
    with delivered(argo, manifest) as chat:
        chat.wait("Synced", "Healthy", 120, revision)
        team.kubectl("scale", "sio/chat", "--replicas=3")
        team.wait_pods(3)
        chat.wait("Synced", "Healthy", 60)
        assert chat.others_than("Synced", "Healthy", 30) == []


def test_an_application_for_each_folder(argo: ArgoCD, cluster: Cluster, team: Team, repository: Repository) -> None:
    names = [f"{team.kubectl.namespace[:30].strip('-')}-{letter}" for letter in "ab"]
    repository.commit({f"teams/{name}/chat.yaml": yaml.safe_dump(team.manifest(replicas=1)) for name in names})
    with argo.applicationset_controller():
        argo.kubectl.apply(example("applicationset.yaml", repository.url))
        try:
            for name in names:
                Delivered(argo, f"socketio-{name}").wait("Synced", "Healthy", 180)
                assert Kubectl(cluster, name).json("get", "sio", "chat")["status"]["readyReplicas"] == 1
            repository.commit({f"teams/{names[1]}/chat.yaml": None})
            argo.kubectl(
                "annotate", "applicationset", "socketio-clusters", "argocd.argoproj.io/application-set-refresh=true"
            )
            wait_for(
                lambda: applications(argo) == {f"socketio-{names[0]}"}, 120, "the Application to go with its folder"
            )
        finally:
            argo.kubectl("delete", "applicationset", "socketio-clusters", "--cascade=foreground", timeout=120)
            argo.kubectl("delete", "namespace", *names, "--wait=false")


def applications(argo: ArgoCD) -> set[str]:
    """Those of the ApplicationSet."""
    found = argo.kubectl.json("get", "applications")["items"]
    return {one["metadata"]["name"] for one in found if one["metadata"].get("ownerReferences")}
