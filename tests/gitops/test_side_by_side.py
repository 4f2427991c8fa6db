"""The operator and Argo CD leave each other alone: differences, scaling, pruning, upgrades."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import yaml

from tests.cluster.kubectl import Kubectl
from tests.cluster.waiting import wait_for
from tests.gitops.applications import Delivered, others_than
from tests.gitops.argo_cd import COMPARISON_SECONDS, ArgoCD
from tests.gitops.repository import Repository
from tests.gitops.team import Team
from tests.installation import NAME, NAMESPACE, chart_values

pytestmark = [pytest.mark.node, pytest.mark.long]

QUIET_SECONDS = 300
AUTOSCALED = 4
REPLICAS = {"group": "socketio-operator.dev", "kind": "SocketIOCluster", "jsonPointers": ["/spec/replicas"]}


def asked_for(team: Team) -> dict[str, Any]:
    """All of the live cluster but what the operator reports."""
    live = team.kubectl.json("get", "sio", "chat", "--show-managed-fields")
    fields = [entry for entry in live["metadata"]["managedFields"] if entry.get("subresource") != "status"]
    return {"spec": live["spec"], "generation": live["metadata"]["generation"], "managedFields": fields}


def test_five_minutes_without_a_difference(argo: ArgoCD, operator: Delivered, team: Team, chat: Delivered) -> None:
    # Not in Git: the operator has work all the time.
    team.kubectl.apply(team.manifest("busy", replicas=1))
    replicas = [1]

    def scaled_up_and_down() -> None:
        ready = team.live("busy").get("status", {}).get("readyReplicas")
        if ready == replicas[-1]:
            replicas.append(3 - replicas[-1])
            team.kubectl("scale", "sio/busy", f"--replicas={replicas[-1]}")

    def of_chat() -> dict[str, str]:
        return {name: version for name, version in team.written().items() if "busy" not in name}

    before, pods, asked = of_chat(), team.pods(), asked_for(team)
    assert len(before) > 8
    others = others_than("Synced", "Healthy", QUIET_SECONDS, (operator, chat), scaled_up_and_down)
    assert others == []
    assert of_chat() == before
    assert team.pods() == pods
    assert asked_for(team) == asked
    assert len(replicas) > 10, "the operator had work"
    team.kubectl("delete", "sio", "busy")
    # What it would look like: someone changes the live cluster, and Argo CD changes it back.
    operation = chat.seen().operation
    team.patch(image="registry.local/other:1")
    wait_for(lambda: chat.seen().operation != operation, 60, "Argo CD to heal")
    chat.wait("Synced", "Healthy", 120)
    assert asked_for(team)["spec"] == asked["spec"]


@contextmanager
def autoscaler(team: Team) -> Iterator[None]:
    """A HorizontalPodAutoscaler that wants more pods than a new cluster has."""
    target = {"apiVersion": "socketio-operator.dev/v1alpha1", "kind": "SocketIOCluster", "name": "chat"}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}}
    team.kubectl.apply(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "chat"},
            "spec": {
                "scaleTargetRef": target,
                "minReplicas": AUTOSCALED,
                "maxReplicas": AUTOSCALED + 1,
                "metrics": [{"type": "Resource", "resource": cpu}],
            },
        }
    )
    yield
    team.kubectl("delete", "hpa", "chat")


def test_an_autoscaler_is_not_fought(team: Team, chat: Delivered) -> None:
    with autoscaler(team):
        team.wait_pods(AUTOSCALED)
        # Healthy may be what was so of two pods.
        ready = f"{AUTOSCALED} of {AUTOSCALED} pods are ready."
        wait_for(lambda: team.condition("Ready").get("message") == ready, 90, ready)
        chat.wait("Synced", "Healthy", 90)
        assert chat.others_than("Synced", "Healthy", 3 * COMPARISON_SECONDS) == []
        revision = team.write(env=[{"name": "LOG_LEVEL", "value": "debug"}])
        chat.wait("Synced", "Healthy", 120, revision)
        assert team.live()["spec"]["replicas"] == AUTOSCALED


def test_replicas_in_git_are_ignored_when_told_so(argo: ArgoCD, team: Team) -> None:
    policy = {
        "automated": {"prune": True, "selfHeal": True},
        "syncOptions": ["ServerSideApply=true", "RespectIgnoreDifferences=true"],
    }
    revision = team.write(replicas=2)
    with team.delivered(argo, ignoreDifferences=[REPLICAS], syncPolicy=policy) as chat:
        chat.wait("Synced", "Healthy", 120, revision)
        with autoscaler(team):
            team.wait_pods(AUTOSCALED)
            chat.wait("Synced", "Healthy", 90)
            assert chat.others_than("Synced", "Healthy", 3 * COMPARISON_SECONDS) == []
            chat.wait("Synced", "Healthy", 120, team.write(replicas=2, env=[{"name": "LOG_LEVEL", "value": "debug"}]))
            assert team.live()["spec"]["replicas"] == AUTOSCALED


def test_replicas_in_git_fight_an_autoscaler_otherwise(argo: ArgoCD, team: Team) -> None:
    revision = team.write(replicas=2)
    with team.delivered(argo) as chat:
        chat.wait("Synced", "Healthy", 120, revision)
        operations = {chat.seen().operation}

        def healed_again() -> bool:
            operations.add(chat.seen().operation)
            return len(operations) > 2

        with autoscaler(team):
            wait_for(healed_again, 120, "two more syncs of the same commit")


def test_pruning_leaves_nothing_even_without_the_operator(
    argo: ArgoCD, operator: Delivered, team: Team, chat: Delivered, repository: Repository
) -> None:
    assert len(team.children()) > 8
    argo.kubectl("patch", "application", chat.name, "--type=merge", f"--patch={json.dumps(pruning(False))}")
    revision = team.delete()
    chat.wait("OutOfSync", "Healthy", 60, revision)
    assert len(team.children()) > 8, "without pruning it stays"
    with no_operator(operator, repository):
        assert operator_pods(team.kubectl) == set()
        argo.kubectl("patch", "application", chat.name, "--type=merge", f"--patch={json.dumps(pruning(True))}")
        chat.wait("Synced", "Healthy", 60)
        wait_for(lambda: not team.children(), 60, "nothing to be left")
        assert team.kubectl.json("get", "sio")["items"] == []


@contextmanager
def no_operator(operator: Delivered, repository: Repository) -> Iterator[None]:
    try:
        operator.wait("Synced", "Healthy", 90, write_values(repository, replicaCount=0))
        yield
    finally:
        operator.wait("Synced", "Healthy", 90, write_values(repository))


def pruning(wanted: bool) -> dict[str, Any]:
    return {"spec": {"syncPolicy": {"automated": {"prune": wanted, "selfHeal": True}}}}


def test_an_upgrade_of_the_operator_restarts_no_pod(
    operator: Delivered, team: Team, chat: Delivered, repository: Repository
) -> None:
    pods, written, upgraded = team.pods(), team.written(), operator_pods(team.kubectl)
    values = {"logLevel": "debug", "podAnnotations": {"example.com/upgrade": "1"}}
    operator.wait("Synced", "Healthy", 120, write_values(repository, **values))
    assert not upgraded & operator_pods(team.kubectl)
    assert others_than("Synced", "Healthy", 30, (operator, chat)) == []
    assert team.pods() == pods
    assert team.written() == written
    # What it would look like: a change of the cluster itself.
    chat.wait("Synced", "Healthy", 120, team.write(env=[{"name": "LOG_LEVEL", "value": "debug"}]))
    assert not pods.keys() & team.pods().keys()


def write_values(repository: Repository, **more: Any) -> str:
    """Commit the chart's values. The commit's hash."""
    return repository.commit({"values/operator.yaml": yaml.safe_dump(chart_values() | more)})


def operator_pods(kubectl: Kubectl) -> set[str]:
    """The uids of those that are there to stay."""
    found = kubectl.json("get", "pods", "-l", f"app.kubernetes.io/name={NAME}", namespace=NAMESPACE)["items"]
    return {pod["metadata"]["uid"] for pod in found if "deletionTimestamp" not in pod["metadata"]}
