"""Labels and annotations of children: on all of them, in no selector, and no reason to restart a pod."""

from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import WORKLOADS
from tests.unit.samples import FULL, body, children
from tests.unit.test_golden import SAMPLES
from tests.unit.test_plan import applies, decided, world

ADDED: dict[str, Any] = {"labels": {"team": "chat", "empty": ""}, "annotations": {"example.com/owner": "me"}}
ANNOTATED = {"Deployment", "StatefulSet", "PodDisruptionBudget", "NetworkPolicy"}


def of(spec: dict[str, Any], **changes: Any) -> SocketIOCluster:
    return SocketIOCluster.parse(body({**spec, **changes}))


@pytest.mark.parametrize("name", SAMPLES)
def test_they_are_added_to_the_metadata_of_all_children_and_to_nothing_else(name: str) -> None:
    plain, added = children(of(SAMPLES[name])), children(of(SAMPLES[name], childMetadata=ADDED))
    assert plain.keys() == added.keys()
    for ref, manifest in added.items():
        before, now = plain[ref]["metadata"], manifest["metadata"]
        assert now["labels"] == {**before["labels"], **ADDED["labels"]} | before["labels"]
        notes = before.get("annotations", {}) | (ADDED["annotations"] if ref.kind in ANNOTATED else {})
        assert now.get("annotations", {}) == notes
        assert {**manifest, "metadata": before} == plain[ref]


def test_labels_of_a_service_win() -> None:
    """What is said of one object is more than what is said of all."""
    routing = {"host": "a.example", "router": "none", "service": {"labels": {"team": "edge"}}}
    found = children(of({**FULL, "routing": routing}, childMetadata=ADDED)).values()
    assert {one["metadata"]["labels"]["team"] for one in found} == {"chat", "edge"}


def test_a_change_restarts_no_pod() -> None:
    changed = {"labels": {"team": "other"}, "annotations": {}}
    made = applies(decided(of(FULL, childMetadata=changed), world(of(FULL, childMetadata=ADDED))))
    assert {apply.ref for apply in made} == children(of(FULL)).keys()
    assert not [apply for apply in made if apply.restarts_pods]
    assert {apply.ref.kind for apply in made} >= WORKLOADS
    assert all("labels" in apply.reason for apply in made)
