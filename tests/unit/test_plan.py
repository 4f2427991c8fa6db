"""Decisions: no write without a reason, nothing foreign touched, the broker outlives its users."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.children import build_children, wanted_children
from socketio_operator.desired.inputs import Images, Inputs
from socketio_operator.desired.kinds import Ref, ref_of
from socketio_operator.desired.metadata import CAUSE_ANNOTATION
from socketio_operator.plan.actions import Action, Apply, Decision, Delete
from socketio_operator.plan.conditions import conditions
from socketio_operator.plan.decide import acknowledgement, decide
from socketio_operator.plan.managed_fields import owned_fields
from socketio_operator.plan.observed import Child, Live
from socketio_operator.plan.problem import Problem, Scope
from socketio_operator.plan.report import status_of
from tests.unit.samples import FULL, INPUTS, LEAST, as_stored, body, cluster, picture

SERVER, REDIS, INGRESS = Ref("Deployment", "chat"), Ref("StatefulSet", "chat-redis"), Ref("Ingress", "chat")
SETTLED = {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}


def world(of: SocketIOCluster, inputs: Inputs = INPUTS, /, **server: Any) -> dict[Ref, dict[str, Any]]:
    """Everything as it is after a successful first reconcile."""
    live = {ref_of(m): as_stored(m, uid=f"child-{i}") for i, m in enumerate(build_children(of, inputs))}
    live[SERVER]["status"] = {**SETTLED, **server}
    if REDIS in live:
        live[REDIS]["status"] = {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1, "readyReplicas": 1}
    return live


def decided(of: SocketIOCluster, live: dict[Ref, Any], inputs: Inputs = INPUTS, **seen: Any) -> Decision:
    return decide(of, wanted_children(of, inputs), picture(live, **seen), {})


def verb(action: Action) -> str:
    match action:
        case Apply(uid=uid):
            return "apply" if uid else "create"
        case _:
            return type(action).__name__.lower()


def writes(decision: Decision) -> list[Apply | Delete]:
    return [action for action in decision.actions if isinstance(action, Apply | Delete)]


def applies(decision: Decision) -> list[Apply]:
    return [action for action in decision.actions if isinstance(action, Apply)]


def deletes(decision: Decision) -> list[Delete]:
    return [action for action in decision.actions if isinstance(action, Delete)]


def summary(decision: Decision) -> list[tuple[str, str]]:
    return [(verb(action), str(action.ref)) for action in writes(decision)]


@pytest.mark.parametrize("spec", [LEAST, FULL])
def test_nothing_to_do_is_nothing_written(spec: dict[str, Any]) -> None:
    of = SocketIOCluster.parse(body(spec))
    assert decided(of, world(of)) == Decision()


def test_all_children_are_made_in_order() -> None:
    of = cluster()
    made = applies(decided(of, {}))
    assert [verb(action) for action in made] == ["create"] * 13
    assert [action.ref for action in made[-3:]] == [REDIS, SERVER, INGRESS]
    assert [action.stage for action in made] == [0] * 10 + [1] * 3


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
    desired = wanted_children(of, INPUTS)
    live = world(of)
    live[INGRESS]["spec"]["rules"][0]["host"] = "rewritten.example"
    content = next(one.content for one in desired if one.ref == INGRESS)
    known = {INGRESS: acknowledgement(content, Child.of(live[INGRESS]))}
    assert decide(of, desired, picture(live), known) == Decision()
    assert summary(decide(of, desired, picture(live), {})) == [("apply", "Ingress chat")]


def test_beside_an_object_of_that_name_that_is_not_ours_nothing_is_begun() -> None:
    of = cluster()
    live = world(of)
    live[INGRESS] = as_stored({**live[INGRESS], "metadata": {"name": "chat", "namespace": "team"}})
    first = decided(of, {INGRESS: live[INGRESS]})
    assert (first.actions, [problem.reason for problem in first.problems]) == ((), ["NameConflict"])
    assert "Ingress chat" in first.problems[0].message
    live[SERVER]["spec"]["replicas"] = 9
    assert summary(decided(of, live)) == [("apply", "Deployment chat")], "what serves goes on"


def test_children_of_a_deleted_namesake_are_waited_for() -> None:
    of = cluster()
    live = world(of)
    live[SERVER]["metadata"]["ownerReferences"][0]["uid"] = "uid-0"
    decision = decided(of, live)
    assert decision.actions == ()
    assert decision.problems[0].reason == "WaitingForCleanup"


def missing_secret(scope: Scope) -> Problem:
    return Problem("SecretNotFound", "a field names Secret api, which does not exist", scope, SERVER)


def test_a_missing_secret_of_pods_blocks_their_template_and_nothing_else() -> None:
    of = cluster(image="registry.example/chat:2", replicas=5, routing={"host": "other.example.com"})
    problem = missing_secret(Scope.TEMPLATE)
    decision = decided(of, world(cluster()), secrets=(problem,))
    assert summary(decision) == [("apply", "Deployment chat"), ("apply", "Ingress chat")]
    assert decision.problems == (problem,)
    server = applies(decision)[0]
    assert (server.restarts_pods, server.manifest["spec"]["replicas"]) == (False, 5)
    assert "replicas 2 -> 5" in server.reason
    assert ("create", "Deployment chat") not in summary(decided(of, {}, secrets=(problem,)))


def test_a_missing_secret_of_the_route_blocks_nothing() -> None:
    """Who issues certificates may make it from the route."""
    of = cluster(image="registry.example/chat:2", routing={"host": "other.example.com"})
    decision = decided(of, world(cluster()), secrets=(missing_secret(Scope.NOTHING),))
    assert summary(decision) == [("apply", "Deployment chat"), ("apply", "Ingress chat")]
    assert decision.look_again is not None


def test_nothing_is_retired_while_a_template_is_blocked() -> None:
    of, before = cluster(adapter={"type": "none"}), world(cluster())
    assert summary(decided(of, before, secrets=(missing_secret(Scope.TEMPLATE),))) == []


def test_a_rollout_tells_its_reason() -> None:
    of = cluster(image="registry.example/chat:2", engine={"pingInterval": 5000})
    (server,) = applies(decided(of, world(cluster())))
    assert server.restarts_pods
    assert "image registry.example/chat:1.4 -> registry.example/chat:2" in server.reason
    assert "environment SOCKETIO_PING_INTERVAL" in server.reason
    assert server.manifest["metadata"]["annotations"][CAUSE_ANNOTATION] in server.reason


def test_scaling_restarts_nothing() -> None:
    (action,) = applies(decided(cluster(replicas=5), world(cluster())))
    assert (action.ref, action.restarts_pods) == (SERVER, False)
    assert action.reason == "Updating Deployment chat: replicas 2 -> 5"


def test_the_reason_stays_with_the_rollout() -> None:
    of = cluster(image="registry.example/chat:2")
    action = applies(decided(of, world(cluster())))[0]
    live = world(of)
    live[SERVER] = as_stored(action.manifest, status=SETTLED)
    assert decided(of, live) == Decision()


def test_a_new_default_image_restarts_no_running_redis() -> None:
    of = cluster()
    newer = replace(INPUTS, images=Images(redis="registry.example/redis:8"))
    assert decided(of, world(of), newer) == Decision()


NEWER = replace(INPUTS, images=Images(redis="registry.example/redis:8", runtime_node="registry.example/node:2"))


@pytest.mark.parametrize(
    "status", [{"readyReplicas": 0}, {"replicas": 3, "updatedReplicas": 1}, {"observedGeneration": 0}]
)
def test_a_new_default_image_restarts_nothing_while_pods_move(status: dict[str, Any]) -> None:
    """A scale or a node drain after an upgrade of the operator."""
    of = cluster()
    live = world(of, **status)
    live[REDIS]["status"] |= status
    assert decided(of, live, NEWER) == Decision()
    assert summary(decided(cluster(replicas=3), live, NEWER)) == [("apply", "Deployment chat")]
    assert not applies(decided(cluster(replicas=3), live, NEWER))[0].restarts_pods


@pytest.mark.parametrize(
    ("container", "component", "mended"),
    [
        ("redis", "redis", [("apply", "StatefulSet chat-redis")]),
        ("socketio-runtime", "server", [("apply", "Deployment chat")]),
        ("server", "server", []),
    ],
)
def test_a_new_default_image_mends_the_container_that_fails(
    container: str, component: str, mended: list[tuple[str, str]]
) -> None:
    of = cluster()
    failing = pod("ErrImagePull", container)
    failing["metadata"]["labels"]["socketio-operator.dev/component"] = component
    assert summary(decided(of, world(of), NEWER, pods=(failing,))) == mended


def test_an_image_that_the_user_chose_is_rolled_out() -> None:
    of = cluster(adapter={"managed": {"image": "registry.example/redis:8"}})
    assert summary(decided(of, world(cluster()))) == [("apply", "StatefulSet chat-redis")]


def test_redis_outlives_the_pods_that_use_it() -> None:
    of = cluster(adapter={"type": "none"})
    live = world(cluster())
    assert summary(decided(of, live)) == [("apply", "Deployment chat")]
    rolled = {**live, SERVER: world(of)[SERVER]}
    rolled[SERVER]["status"] = {**SETTLED, "replicas": 3}
    assert decided(of, rolled).actions == ()
    rolled[SERVER]["status"] = SETTLED
    ending = pod("")
    ending["metadata"]["deletionTimestamp"] = "now"
    assert decided(of, rolled, pods=(ending,)).actions == (), "it still drains, though its Deployment counts it no more"
    assert len(deletes(decided(of, rolled))) == len(decided(of, rolled).actions) == 6


def test_deletions_name_the_very_object() -> None:
    of = cluster(adapter={"type": "none"})
    live = {**world(cluster()), SERVER: {**world(of)[SERVER], "status": SETTLED}}
    for delete in deletes(decided(of, live)):
        assert (delete.uid, delete.version) == (live[delete.ref]["metadata"]["uid"], 7)


def test_updates_name_the_very_object() -> None:
    (action,) = applies(decided(cluster(replicas=5), world(cluster())))
    assert action.uid == world(cluster())[SERVER]["metadata"]["uid"]


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
    for action in applies(decided(of, dict(live))):
        live[action.ref] = as_stored(action.manifest)
    fresh = {one.ref: json.loads(one.content) for one in wanted_children(of, INPUTS)}
    for ref, manifest in fresh.items():
        owned = owned_fields(live[ref])
        assert owned is not None
        owned["metadata"].get("annotations", {}).pop(CAUSE_ANNOTATION, None)
        if not owned["metadata"].get("annotations", True):
            del owned["metadata"]["annotations"]
        assert owned == manifest


def told(of: SocketIOCluster, live: dict[Ref, Any], **seen: Any) -> dict[str, tuple[bool | None, str]]:
    observed = picture(live, **seen)
    found = conditions(of, decide(of, wanted_children(of, INPUTS), observed, {}), observed)
    return {condition.type: (condition.status, condition.reason) for condition in found}


def pod(waiting: str, container: str = "server", group: str = "containerStatuses") -> dict[str, Any]:
    state = {"waiting": {"reason": waiting}}
    return {
        "metadata": {"name": "chat-1", "labels": {"socketio-operator.dev/component": "server"}},
        "status": {group: [{"name": container, "image": "chat:2", "state": state}]},
    }


def test_all_well() -> None:
    of = cluster()
    found = told(of, world(of))
    assert found.pop("Routed") == (None, "Waiting")
    assert {type_: found.pop(type_)[0] for type_ in ("Sticky", "Broadcasting", "Balanced")} == dict.fromkeys(
        ("Sticky", "Broadcasting", "Balanced")
    ), "nothing says so yet"
    assert found == {"Ready": (True, "Ready"), "Available": (True, "Serving")}


@pytest.mark.parametrize(
    ("waiting", "reason", "kind"),
    [
        ("ImagePullBackOff", "ImagePullFailed", "Reconciling"),
        ("CreateContainerConfigError", "ContainerNotCreated", "Stalled"),
        ("CrashLoopBackOff", "PodsCrashing", "Reconciling"),
    ],
)
def test_pods_tell_what_is_wrong(waiting: str, reason: str, kind: str) -> None:
    of = cluster()
    said = told(of, world(of, readyReplicas=1), pods=(pod(waiting),))
    assert (said["Ready"], said[kind]) == ((False, reason), (True, reason))
    assert said["Available"][0]


def test_one_pods_image_needs_a_person_once_nobody_serves_or_the_rollout_is_over_its_time() -> None:
    of = cluster()
    away = (pod("ErrImagePull"),)
    assert "Stalled" not in told(of, world(of, readyReplicas=1), pods=away)
    assert told(of, world(of, readyReplicas=0), pods=away)["Stalled"] == (True, "ImagePullFailed")
    late = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}
    assert told(of, world(of, readyReplicas=1, conditions=[late]), pods=away)["Stalled"] == (True, "ImagePullFailed")
    live = world(of)
    live[REDIS]["status"] = {}
    assert told(of, live, pods=away)["Stalled"] == (True, "ImagePullFailed")


def test_the_runtimes_image_is_a_setting_of_the_operator() -> None:
    of = cluster()
    seen = picture(world(of, readyReplicas=0), pods=(pod("ErrImagePull", "socketio-runtime", "initContainerStatuses"),))
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
    seen = picture(world(of))
    found = conditions(of, Decision(), seen)
    first = status_of(of, seen, found, {}, "2026-01-01T00:00:00Z")
    second = status_of(of, seen, found, first, "2026-01-01T00:01:00Z")
    assert first == second
    assert first["selector"] == "socketio-operator.dev/cluster=chat,socketio-operator.dev/component=server"
    assert first["effective"]["readTimeoutSeconds"] == 60


def test_a_change_of_the_status_alone_spares_a_projection() -> None:
    live = world(cluster())[SERVER]
    before = Child.of(live)
    later = {**live, "metadata": {**live["metadata"], "resourceVersion": "8", "managedFields": []}}
    assert Child.of(later, before).owned is before.owned
    changes: tuple[dict[str, Any], ...] = (
        {"generation": 2},
        {"labels": {}},
        {"annotations": {"a": "b"}},
        {"uid": "another"},
    )
    for change in changes:
        changed = {**later, "metadata": {**later["metadata"], **change}}
        assert Child.of(changed, before).owned is None, "our entry is gone, and that is seen"
