"""What Argo CD says of a SocketIOCluster that it delivers, and of what it must tell apart."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from socketio_operator.api import KIND
from tests.cluster.waiting import wait_for
from tests.gitops.applications import WHOLE_DIFF, Delivered
from tests.gitops.argo_cd import COMPARISON_SECONDS, PATCH, ArgoCD
from tests.gitops.team import Team
from tests.reading.argo_cd import KEY

pytestmark = [pytest.mark.node, pytest.mark.long]

MISSING = "registry.local/missing:9"


def test_synced_and_healthy(argo: ArgoCD, chat: Delivered) -> None:
    assert argo.health(chat.name, KIND) == ("Healthy", "2 of 2 pods are ready.")
    assert argo("app", "wait", chat.name, "--sync", "--health", "--operation", "--timeout=10")


def test_progressing_during_a_rollout(argo: ArgoCD, team: Team, chat: Delivered) -> None:
    before = team.pods()
    revision = team.write(env=[{"name": "LOG_LEVEL", "value": "debug"}])
    chat.refresh()

    def rolling() -> str:
        status, message = argo.health(chat.name, KIND)
        return message if status == "Progressing" and "up to date" in message else ""

    assert "up to date" in wait_for(rolling, 60, "the operator's sentence of a rollout")
    seen = chat.wait("Synced", "Healthy", 120, revision)
    assert not before.keys() & team.pods().keys(), "Healthy before the old pods were gone"
    assert {now.health for now in seen} <= {"Progressing", "Healthy"}


@contextmanager
def without_health_rule(argo: ArgoCD) -> Iterator[None]:
    argo.kubectl("patch", "configmap", "argocd-cm", "--type=merge", f'--patch={{"data": {{"{KEY}": null}}}}')
    try:
        yield
    finally:
        argo.kubectl("patch", "configmap", "argocd-cm", f"--patch-file={PATCH}")


def test_an_image_that_cannot_be_pulled_is_degraded(argo: ArgoCD, team: Team) -> None:
    revision = team.write(image=MISSING)
    with team.delivered(argo) as chat:
        chat.wait("Synced", "Degraded", 180, revision)
        status, message = argo.health(chat.name, KIND)
        assert status == "Degraded"
        assert MISSING in message
        assert message == team.condition("Stalled")["message"]
        with without_health_rule(argo):
            chat.wait("Synced", "Healthy", 60)
        chat.wait("Synced", "Degraded", 60)
        chat.wait("Synced", "Healthy", 120, team.write())


def test_paused_is_suspended_and_nothing_moves(argo: ArgoCD, team: Team, chat: Delivered) -> None:
    before = team.pods()
    chat.wait("Synced", "Suspended", 60, team.write(paused=True))
    assert argo.health(chat.name, KIND) == ("Suspended", team.condition("Paused")["message"])
    changed = {"env": [{"name": "LOG_LEVEL", "value": "debug"}]}
    chat.wait("Synced", "Suspended", 60, team.write(paused=True, **changed))
    assert chat.others_than("Synced", "Suspended", 10) == []
    assert team.pods() == before
    chat.wait("Synced", "Healthy", 120, team.write(**changed))
    assert not before.keys() & team.pods().keys(), "the change arrives with the end of the pause"


def test_the_default_comparison_keeps_what_goes_from_git(argo: ArgoCD, team: Team, chat: Delivered) -> None:
    argo.kubectl("annotate", "application", chat.name, *(f"{key}-" for key in WHOLE_DIFF))
    chat.wait("Synced", "Suspended", 60, team.write(paused=True))
    chat.wait("Synced", "Suspended", 60, team.write())
    assert chat.others_than("Synced", "Suspended", 2 * COMPARISON_SECONDS) == []
    argo.kubectl("annotate", "application", chat.name, *(f"{key}={value}" for key, value in WHOLE_DIFF.items()))
    # The annotation alone is no reason to compare again: with ServerSideDiff the last result stays until a new commit,
    # a change of the spec or a refresh (useDiffCache in Argo CD's controller/state.go).
    chat.refresh()
    chat.wait("Synced", "Healthy", 60)
