"""Pods are replaced when an object of the user's changes, and for nothing less."""

import hashlib
from dataclasses import replace
from typing import Any

import pytest

from socketio_operator.api import SocketIOCluster
from socketio_operator.controller.fingerprints import Fingerprints
from socketio_operator.controller.key import Key
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.references import marked_objects, restarting_objects
from socketio_operator.plan.problem import Problem, Scope
from tests.unit.samples import INPUTS, cluster
from tests.unit.test_plan import SERVER, applies, decided, world

APP, API = Ref("ConfigMap", "app"), Ref("Secret", "api")
BOTH = {"configMaps": ["app"], "secrets": ["api"]}
NOTE = "socketio-operator.dev/restart-on-change"


def hashes(**found: str) -> Inputs:
    refs = {"app": APP, "api": API}
    return replace(INPUTS, object_hashes=tuple((refs[name], value) for name, value in found.items()))


def notes(of: SocketIOCluster, inputs: Inputs) -> dict[str, str]:
    template = world(of, inputs)[SERVER]["spec"]["template"]
    found: dict[str, str] = template["metadata"].get("annotations", {})
    return found


def change(before: tuple[SocketIOCluster, Inputs], after: tuple[SocketIOCluster, Inputs]) -> list[str]:
    """Reasons of what is written when the one becomes the other."""
    return [apply.reason for apply in applies(decided(after[0], world(*before), after[1]))]


def test_the_hashes_are_in_the_pod_template_and_nowhere_without_them() -> None:
    of = cluster(restartOnChange=BOTH)
    assert restarting_objects(of) == (APP, API)
    found = notes(of, hashes(api="b", app="a"))
    assert found[NOTE] == "ConfigMap/app=a Secret/api=b"
    assert marked_objects(found[NOTE]) == {"ConfigMap app": "a", "Secret api": "b"}
    assert NOTE not in notes(cluster(), INPUTS)


def test_a_change_is_a_rollout_whose_reason_names_the_object() -> None:
    of = cluster(restartOnChange=BOTH)
    (reason,) = change((of, hashes(app="a", api="b")), (of, hashes(app="a", api="c")))
    assert reason == "Rolling out Deployment chat: Secret api changed"
    assert change((of, hashes(app="a", api="b")), (of, hashes(app="a", api="b"))) == []


def test_a_new_name_replaces_pods_once_and_one_less_replaces_none() -> None:
    none, one, two = (cluster(), INPUTS), cluster(restartOnChange={"secrets": ["api"]}), cluster(restartOnChange=BOTH)
    assert change(none, (one, hashes(api="b"))) == ["Rolling out Deployment chat: restartOnChange names Secret api"]
    assert change((two, hashes(app="a", api="b")), (one, hashes(api="b"))) == []
    assert change((one, hashes(api="b")), none) == []
    (reason,) = change((two, hashes(app="a", api="b")), (one, hashes(api="c")))
    assert reason == "Rolling out Deployment chat: Secret api changed"


def test_what_restarts_for_another_reason_forgets_the_ones_that_are_no_longer_named() -> None:
    before, after = cluster(restartOnChange=BOTH), cluster(image="registry.example/chat:2")
    (apply,) = applies(decided(after, world(before, hashes(app="a", api="b"))))
    assert NOTE not in apply.manifest["spec"]["template"]["metadata"]["annotations"]
    assert "image registry.example/chat:1.4 -> registry.example/chat:2" in apply.reason
    assert "api" not in apply.reason


def test_a_missing_one_keeps_the_template() -> None:
    before, of = cluster(), cluster(replicas=5, restartOnChange=BOTH)
    problem = Problem("ConfigMapNotFound", "spec.restartOnChange names ConfigMap app", Scope.TEMPLATE, SERVER)
    decision = decided(of, world(before), hashes(api="b"), secrets=(problem,))
    (apply,) = applies(decision)
    assert "replicas 2 -> 5" in apply.reason
    assert NOTE not in str(apply.manifest)
    assert decision.look_again == 10


@pytest.mark.parametrize("inject", ["node", "none"])
def test_a_fingerprint_tells_changes_and_nothing_else(inject: str) -> None:
    fingerprints, key = Fingerprints(), Key("team", "chat")

    def of(content: bytes, uid: str = "uid-1", session_key: str = "secret") -> str:
        one = replace(cluster(runtime={"inject": inject}), uid=uid)
        return fingerprints.of(key, one, session_key, "Secret api", content)

    first = of(b"first")
    assert (of(b"first"), of(b"second") == first) == (first, False)
    assert of(b"first") == first
    assert first != hashlib.sha256(b"first").hexdigest()[:16]
    fingerprints.forget(key)
    others: dict[str, Any] = {"uid": "uid-2", "session_key": "other"}
    assert of(b"first", **others) != first, "equal content of two clusters looks different"
