"""Decisions: no write without a reason, nothing foreign touched, the broker outlives its users."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import Ref, ref_of
from socketio_operator.desired.metadata import CAUSE_ANNOTATION
from socketio_operator.plan.changes import Decision, acknowledgement, decide
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.observed import Live, Observed, Problem
from socketio_operator.plan.ownership import appliable, owned_fields
from socketio_operator.plan.report import status_of
from tests.unit.samples import FULL, INPUTS, LEAST, as_stored, body, cluster

SERVER, REDIS, INGRESS = Ref("Deployment", "chat"), Ref("StatefulSet", "chat-redis"), Ref("Ingress", "chat")
SETTLED = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}


def world(of: SocketIOCluster, inputs: Inputs = INPUTS, **server: Any) -> dict[Ref, dict[str, Any]]:
    """Everything as it is after a successful first reconcile."""
    live = {ref_of(m): as_stored(m, uid=f"child-{i}") for i, m in enumerate(build_children(of, inputs))}
    live[SERVER]["status"] = {**SETTLED, **server}
    if REDIS in live:
        live[REDIS]["status"] = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
    return live


def decided(of: SocketIOCluster, live: dict[Ref, Any], inputs: Inputs = INPUTS, **seen: Any) -> Decision:
    return decide(of, build_children(of, inputs), Observed(live, **seen), {})


def summary(decision: Decision) -> list[tuple[str, str]]:
    return [(change.verb, str(change.ref)) for change in decision.changes]


@pytest.mark.parametrize("spec", [LEAST, FULL])
def test_nothing_to_do_is_nothing_written(spec: dict[str, Any]) -> None:
    of = SocketIOCluster.parse(body(spec))
    assert decided(of, world(of)) == Decision()


def test_all_children_are_made_in_order() -> None:
    of = cluster()
    made = decided(of, {}).changes
    assert [change.verb for change in made] == ["create"] * 13
    assert made[0].ref.kind == "ServiceAccount"
    assert made[-1].ref == INGRESS


def test_a_missing_child_comes_back_alone() -> None:
    of = cluster()
    live = world(of)
    del live[INGRESS]
    assert summary(decided(of, live)) == [("create", "Ingress chat")]


def test_a_changed_field_of_ours_is_set_back() -> None:
    of = cluster()
    live = world(of)
    live[Ref("Service", "chat")]["spec"]["ports"][0]["targetPort"] = "other"
    assert summary(decided(of, live)) == [("apply", "Service chat")]


def test_fields_of_others_are_left_alone() -> None:
    of = cluster()
    live = world(of)
    live[Ref("Service", "chat")]["spec"]["clusterIP"] = "10.96.3.4"
    live[SERVER]["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"] = "now"
    assert decided(of, live) == Decision()


def test_a_value_that_the_server_rewrites_is_applied_once() -> None:
    of = cluster()
    desired = build_children(of, INPUTS)
    live = world(of)
    live[INGRESS]["spec"]["rules"][0]["host"] = "rewritten.example"
    known = {INGRESS: acknowledgement(next(m for m in desired if ref_of(m) == INGRESS), live[INGRESS])}
    assert decide(of, desired, Observed(live), known) == Decision()
    assert summary(decide(of, desired, Observed(live), {})) == [("apply", "Ingress chat")]


def test_an_object_of_that_name_without_our_reference_stops_everything() -> None:
    of = cluster()
    live = world(of)
    live[INGRESS] = as_stored({**live[INGRESS], "metadata": {"name": "chat", "namespace": "team"}})
    live[SERVER]["spec"]["replicas"] = 9
    decision = decided(of, live)
    assert decision.changes == ()
    assert [problem.reason for problem in decision.blockers] == ["NameConflict"]
    assert "Ingress chat" in decision.blockers[0].message


def test_children_of_a_deleted_namesake_are_waited_for() -> None:
    of = cluster()
    live = world(of)
    live[SERVER]["metadata"]["ownerReferences"][0]["uid"] = "uid-0"
    decision = decided(of, live)
    assert decision.changes == ()
    assert decision.waits[0].reason == "WaitingForCleanup"


def test_a_missing_secret_changes_nothing() -> None:
    of = cluster(image="registry.example/chat:2")
    live = world(cluster())
    problem = Problem("SecretNotFound", "spec.env names Secret api, which does not exist")
    decision = decided(of, live, secrets=(problem,))
    assert (decision.changes, decision.blockers) == ((), (problem,))


def test_a_rollout_tells_its_reason() -> None:
    of = cluster(image="registry.example/chat:2", engine={"pingInterval": 5000})
    (server,) = decided(of, world(cluster())).changes
    assert server.restarts_pods
    assert "image registry.example/chat:1.4 -> registry.example/chat:2" in server.reason
    assert "environment SOCKETIO_PING_INTERVAL" in server.reason
    assert server.manifest is not None
    assert server.manifest["metadata"]["annotations"][CAUSE_ANNOTATION] in server.reason


def test_scaling_restarts_nothing() -> None:
    (change,) = decided(cluster(replicas=5), world(cluster())).changes
    assert (change.ref, change.restarts_pods) == (SERVER, False)


def test_the_reason_stays_with_the_rollout() -> None:
    of = cluster(image="registry.example/chat:2")
    change = decided(of, world(cluster())).changes[0]
    assert change.manifest is not None
    live = world(of)
    live[SERVER] = as_stored(change.manifest, status=SETTLED)
    assert decided(of, live) == Decision()


def test_a_new_default_image_restarts_no_running_redis() -> None:
    of = cluster()
    newer = replace(INPUTS, images=Images(redis="registry.example/redis:8"))
    assert decided(of, world(of), newer) == Decision()


def test_a_new_default_image_mends_a_redis_that_does_not_run() -> None:
    of = cluster()
    live = world(of)
    live[REDIS]["status"]["readyReplicas"] = 0
    newer = replace(INPUTS, images=Images(redis="registry.example/redis:8"))
    assert summary(decided(of, live, newer)) == [("apply", "StatefulSet chat-redis")]


def test_an_image_that_the_user_chose_is_rolled_out() -> None:
    of = cluster(adapter={"managed": {"image": "registry.example/redis:8"}})
    assert summary(decided(of, world(cluster()))) == [("apply", "StatefulSet chat-redis")]


def test_redis_outlives_the_pods_that_use_it() -> None:
    of = cluster(adapter={"type": "none"})
    live = world(cluster())
    assert summary(decided(of, live)) == [("apply", "Deployment chat")]
    rolled = {**live, SERVER: world(of)[SERVER]}
    rolled[SERVER]["status"] = {**SETTLED, "replicas": 3}
    assert decided(of, rolled).changes == ()
    rolled[SERVER]["status"] = SETTLED
    assert {verb for verb, _ in summary(decided(of, rolled))} == {"delete"}
    assert len(decided(of, rolled).changes) == 6


def test_deletions_name_the_very_object() -> None:
    of = cluster(adapter={"type": "none"})
    live = {**world(cluster()), SERVER: {**world(of)[SERVER], "status": SETTLED}}
    for change in decided(of, live).changes:
        assert (change.uid, change.resource_version) == (live[change.ref]["metadata"]["uid"], "7")


def test_foreign_objects_with_our_labels_are_never_pruned() -> None:
    of = cluster()
    live = world(of)
    stranger = as_stored({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "team"}})
    live[Ref("ConfigMap", "x")] = stranger
    assert decided(of, live) == Decision()


@given(st.integers(0, 5), st.integers(1000, 60_000), st.sampled_from(["clientIP", "cookie", "none"]))
def test_history_does_not_matter(replicas: int, ping: int, affinity: str) -> None:
    """What an apply leaves is what a fresh start builds."""
    of = cluster(replicas=replicas, engine={"pingInterval": ping}, routing={"host": "a.b", "affinity": affinity})
    live: dict[Ref, Live] = dict(world(cluster()))
    for change in decided(of, dict(live)).changes:
        assert change.manifest is not None
        live[change.ref] = as_stored(change.manifest)
    fresh = {ref_of(m): appliable(m) for m in build_children(of, INPUTS)}
    for ref, manifest in fresh.items():
        owned = owned_fields(live[ref])
        assert owned is not None
        owned["metadata"].get("annotations", {}).pop(CAUSE_ANNOTATION, None)
        if not owned["metadata"].get("annotations", True):
            del owned["metadata"]["annotations"]
        assert owned == manifest


def told(of: SocketIOCluster, live: dict[Ref, Any], **seen: Any) -> dict[str, tuple[bool, str]]:
    observed = Observed(live, **seen)
    found = conditions(of, decide(of, build_children(of, INPUTS), observed, {}), observed)
    return {condition.type: (condition.status, condition.reason) for condition in found}


def pod(waiting: str, container: str = "server", group: str = "containerStatuses") -> dict[str, Any]:
    state = {"waiting": {"reason": waiting}}
    return {
        "metadata": {"name": "chat-1", "labels": {"socketio-operator.dev/component": "server"}},
        "status": {group: [{"name": container, "image": "chat:2", "state": state}]},
    }


def test_all_well() -> None:
    of = cluster()
    assert told(of, world(of)) == {"Ready": (True, "Ready"), "Available": (True, "Serving")}


@pytest.mark.parametrize(
    ("waiting", "reason", "kind"),
    [
        ("ImagePullBackOff", "ImagePullFailed", "Stalled"),
        ("CreateContainerConfigError", "ContainerNotCreated", "Stalled"),
        ("CrashLoopBackOff", "PodsCrashing", "Reconciling"),
    ],
)
def test_pods_tell_what_is_wrong(waiting: str, reason: str, kind: str) -> None:
    of = cluster()
    said = told(of, world(of, readyReplicas=1), pods=(pod(waiting),))
    assert (said["Ready"], said[kind]) == ((False, reason), (True, reason))
    assert said["Available"][0]


def test_the_runtimes_image_is_a_setting_of_the_operator() -> None:
    of = cluster()
    seen = Observed(
        world(of, readyReplicas=0), pods=(pod("ErrImagePull", "socketio-runtime", "initContainerStatuses"),)
    )
    ready = conditions(of, Decision(), seen)[0]
    assert (ready.reason, "the operator's setting" in ready.message) == ("ImagePullFailed", True)


def test_a_rollout_is_neither_ready_nor_an_outage() -> None:
    of = cluster()
    said = told(of, world(of, updatedReplicas=1, replicas=3))
    assert (said["Ready"], said["Reconciling"], said["Available"]) == (
        (False, "RollingOut"),
        (True, "RollingOut"),
        (True, "Serving"),
    )


def test_without_redis_pods_serve_apart() -> None:
    of = cluster()
    live = world(of)
    live[REDIS]["status"] = {}
    said = told(of, live)
    assert (said["Ready"], said["Available"]) == ((False, "BrokerNotReady"), (True, "Degraded"))
    assert told(of, {**live, SERVER: {**live[SERVER], "status": {}}})["Available"] == (False, "NoPodReady")


def test_what_a_person_must_mend_is_told_first() -> None:
    of = cluster()
    live = world(of, readyReplicas=0)
    live[REDIS]["status"] = {}
    assert told(of, live, pods=(pod("ErrImagePull"),))["Ready"] == (False, "ImagePullFailed")


def test_the_time_of_a_condition_is_that_of_its_change() -> None:
    of = cluster()
    seen = Observed(world(of))
    found = conditions(of, Decision(), seen)
    first = status_of(of, seen, found, {}, "2026-01-01T00:00:00Z")
    second = status_of(of, seen, found, first, "2026-01-01T00:01:00Z")
    assert first == second
    assert first["selector"] == "socketio-operator.dev/cluster=chat,socketio-operator.dev/component=server"
    assert first["effective"]["readTimeoutSeconds"] == 60
