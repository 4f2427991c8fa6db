"""What Flux says of a SocketIOCluster that it delivers, and that the operator and Flux leave each other alone."""

import time

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.gitops.flux.kustomizations import INTERVAL_SECONDS, Kustomization, kustomized, of
from tests.gitops.team import Team

pytestmark = [pytest.mark.node, pytest.mark.long]

MISSING = "registry.local/missing:9"
EXAMPLE_TIMEOUT = 300
FIVE_VISITS = 5 * INTERVAL_SECONDS


def test_first_the_operator_then_the_cluster(controllers: Kubectl, operator: Kustomization, team: Team) -> None:
    revision = team.write()
    with kustomized(controllers, of(team)) as chat:
        seen = chat.wait(revision)
        assert "DependencyNotReady" in {now.reason for now in seen}
        assert operator.seen().ready == "True"
        assert team.condition("Ready")["message"] == "2 of 2 pods are ready."


def test_ready_when_a_rollout_is_over(team: Team, chat: Kustomization) -> None:
    before = team.pods()
    revision = team.write(env=[{"name": "LOG_LEVEL", "value": "debug"}])
    seen = chat.wait(revision)
    assert not before.keys() & team.pods().keys(), "Ready before the old pods were gone"
    assert "Progressing" in {now.reason for now in seen}


def test_an_image_that_cannot_be_pulled_fails_before_the_timeout(controllers: Kubectl, team: Team) -> None:
    team.write(image=MISSING)
    with kustomized(controllers, of(team)) as chat:
        (*_, failed) = chat.wait_until(EXAMPLE_TIMEOUT / 2, ready="False", reason="HealthCheckFailed")
        assert "stalled" in failed.message
        assert f"SocketIOCluster/{team.kubectl.namespace}/chat" in failed.message
        assert MISSING in team.condition("Stalled")["message"]
        chat.wait(team.write())


def test_a_scaled_cluster_stays_so_and_a_changed_one_does_not(team: Team, chat: Kustomization) -> None:
    team.kubectl("scale", "sio/chat", "--replicas=3")
    team.wait_pods(3)
    end = time.monotonic() + FIVE_VISITS
    while time.monotonic() < end:
        assert team.live()["spec"]["replicas"] == 3
        time.sleep(0.5)
    # Control: what Git has is put back.
    team.patch(image=MISSING)
    wait_for(lambda: team.live()["spec"]["image"] != MISSING, FIVE_VISITS, "Flux to put it back")


def test_at_rest_nothing_is_written(team: Team, chat: Kustomization) -> None:
    before, spec = team.written(), team.live()["metadata"]["generation"]
    time.sleep(FIVE_VISITS)
    assert team.written() == before
    assert team.live()["metadata"]["generation"] == spec


def test_what_goes_from_git_is_pruned(team: Team, chat: Kustomization) -> None:
    assert len(team.written()) > 8
    chat.wait(team.delete())
    wait_for(lambda: not team.children(), 60, "the end of the cluster's children")
    team.kubectl("get", "configmap", "beside")
