"""The managed Redis: how much it holds, where, and how it moved from a Deployment to a StatefulSet."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.api import SocketIOCluster, validate
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.quantity import whole_quantity
from socketio_operator.desired.redis.config import redis_conf
from socketio_operator.desired.redis.memory import MIB, max_memory, resources
from socketio_operator.plan.observed import Observed
from socketio_operator.plan.report import status_of
from tests.unit.samples import LEAST, as_stored, body, children, cluster
from tests.unit.test_plan import REDIS, SERVER, SETTLED, applies, decided, deletes, summary, told, world, writes

STREAMS = "redis-streams"
OLD, CLAIM = Ref("Deployment", "chat-redis"), Ref("PersistentVolumeClaim", "chat-redis")


def with_storage(size: str = "2Gi", type_: str = STREAMS, **more: Any) -> SocketIOCluster:
    return cluster(adapter={"type": type_, "managed": {"storage": {"size": size, **more}}})


def pod_of(of: SocketIOCluster) -> dict[str, Any]:
    pod: dict[str, Any] = children(of)[REDIS]["spec"]["template"]["spec"]
    return pod


def data_of(of: SocketIOCluster) -> dict[str, Any]:
    return next(volume for volume in pod_of(of)["volumes"] if volume["name"] == "data")


@pytest.mark.parametrize(
    ("given", "limit"),
    [
        (None, "256Mi"),
        ({"requests": {"cpu": "1"}}, "256Mi"),
        ({"requests": {"memory": "1Gi"}}, "1Gi"),
        ({"limits": {"cpu": "1"}}, "256Mi"),
        ({"limits": {"memory": "0.5Gi"}}, "512Mi"),
    ],
)
def test_redis_always_has_a_limit_of_memory(given: dict[str, Any] | None, limit: str) -> None:
    managed = {"resources": given} if given else {}
    assert resources(cluster(adapter={"managed": managed}))["limits"]["memory"] == limit


@pytest.mark.parametrize(
    ("adapter", "expected"),
    [
        ({}, 128),
        ({"type": "redis"}, 192),
        ({"type": STREAMS}, 128),
        ({"type": "redis", "managed": {"resources": {"limits": {"memory": "1Gi"}}}}, 768),
        ({"managed": {"storage": {"size": "1Gi"}}}, 128),
        ({"type": STREAMS, "managed": {"storage": {"size": "100Mi"}}}, 25),
        ({"type": STREAMS, "managed": {"resources": {"limits": {"memory": "8Gi"}}, "storage": {"size": "8Gi"}}}, 2048),
        ({"managed": {"resources": {"limits": {"memory": "1k"}}}}, 1),
        ({"type": "redis", "managed": {"resources": {"limits": {"memory": "strange"}}}}, 192),
    ],
)
def test_what_redis_holds_fits_into_its_memory_and_its_volume(adapter: dict[str, Any], expected: int) -> None:
    of = cluster(adapter=adapter)
    assert max_memory(of) == expected * MIB
    assert f"maxmemory {expected * MIB}\n" in redis_conf(of)


def test_a_stream_is_never_evicted() -> None:
    assert "\nmaxmemory-policy volatile-ttl\n" in redis_conf(cluster(adapter={"type": STREAMS}))


@given(st.sampled_from(["", "k", "M", "Gi"]), st.integers(0, 10**6))
def test_amounts_of_quantities(suffix: str, number: int) -> None:
    factor = {"": 1, "k": 1000, "M": 10**6, "Gi": 2**30}[suffix]
    assert whole_quantity(f"{number}{suffix}") == number * factor
    assert (whole_quantity("1.5e3"), whole_quantity(7), whole_quantity("many")) == (1500, 7, None)


def test_without_storage_the_pod_has_room_for_the_log() -> None:
    assert CLAIM not in children(cluster(adapter={"type": STREAMS}))
    assert data_of(cluster())["emptyDir"] == {"sizeLimit": "1Gi"}
    large = cluster(adapter={"managed": {"resources": {"limits": {"memory": "2Gi"}}}})
    assert data_of(large)["emptyDir"] == {"sizeLimit": "4Gi"}


def test_with_storage_the_data_is_on_a_claim() -> None:
    of = with_storage("2048Mi", storageClassName="fast")
    spec = children(of)[CLAIM]["spec"]
    assert (spec["storageClassName"], spec["resources"]) == ("fast", {"requests": {"storage": "2Gi"}})
    assert data_of(of)["persistentVolumeClaim"] == {"claimName": "chat-redis"}
    assert children(with_storage("0.5Gi"))[CLAIM]["spec"]["resources"]["requests"]["storage"] == "512Mi"
    assert "storageClassName" not in children(with_storage())[CLAIM]["spec"]
    assert "appendonly yes" in redis_conf(with_storage(type_="redis")), "who gives a volume wants it used"


def test_redis_runs_where_it_is_told_to() -> None:
    managed = {
        "pod": {"nodeSelector": {"disk": "ssd"}, "tolerations": [{"operator": "Exists"}], "priorityClassName": "x"}
    }
    pod = pod_of(cluster(adapter={"managed": managed}))
    assert (pod["nodeSelector"], pod["tolerations"]) == ({"disk": "ssd"}, [{"operator": "Exists"}])
    assert pod["priorityClassName"] == "x"
    assert pod["serviceAccountName"] == "chat"


def test_a_node_drain_never_waits_for_redis() -> None:
    budget = children(cluster())[Ref("PodDisruptionBudget", "chat-redis")]["spec"]
    assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")


def test_its_budget_can_be_the_users() -> None:
    budget = Ref("PodDisruptionBudget", "chat-redis")
    own = cluster(adapter={"managed": {"podDisruptionBudget": False}})
    assert budget not in children(own)
    assert summary(decided(own, world(cluster()))) == [("delete", str(budget))]
    assert budget in children(cluster(adapter={"managed": {"podDisruptionBudget": True}}))


def test_its_pod_has_labels_and_annotations_below_ours() -> None:
    asked = {
        "labels": {"team": "chat"},
        "annotations": {"example.com/a": "b", "socketio-operator.dev/config-hash": "x"},
    }
    template = children(cluster(adapter={"managed": {"pod": asked}}))[REDIS]["spec"]["template"]["metadata"]
    plain = children(cluster())[REDIS]["spec"]["template"]["metadata"]
    assert template["labels"] == {"team": "chat", **plain["labels"]}
    assert template["annotations"] == {"example.com/a": "b", **plain["annotations"]}
    (apply,) = applies(decided(cluster(adapter={"managed": {"pod": {"labels": {"team": "chat"}}}}), world(cluster())))
    assert (apply.ref, apply.restarts_pods, apply.reason.partition(": ")[2]) == (REDIS, True, "pod labels changed")


@pytest.mark.parametrize("size", ["0", "0.0Gi", "-1Gi", "2Gi ", "2 Gi", "lots", "1e3"])
def test_a_size_is_a_quantity_of_bytes(size: str) -> None:
    adapter = {"managed": {"storage": {"size": size}}}
    assert "storage.size must be a quantity of bytes such as 2Gi." in str(
        validate(body({**LEAST, "adapter": adapter}))[0]
    )


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (cluster(adapter={"type": "redis"}), None),
        (cluster(adapter={"type": STREAMS}), "lost with the pod; set spec.adapter.managed.storage to keep them"),
        (with_storage(), "kept on PersistentVolumeClaim chat-redis (2Gi), which outlives the pod of Redis"),
    ],
)
def test_the_status_says_how_long_data_is_kept(of: SocketIOCluster, said: str | None) -> None:
    effective = status_of(of, Observed(), (), {}, "")["effective"]
    assert said is None or said in effective["brokerData"]
    assert ("brokerData" in effective) is bool(said)


def test_storage_is_added_by_one_restart_of_redis_alone() -> None:
    changes = applies(decided(with_storage(), world(cluster(adapter={"type": STREAMS}))))
    assert [str(change.ref) for change in changes] == ["PersistentVolumeClaim chat-redis", "StatefulSet chat-redis"]
    (restart,) = (change for change in changes if change.restarts_pods)
    assert "pod volumes changed" in restart.reason


def test_storage_grows_without_a_restart() -> None:
    assert summary(decided(with_storage("4Gi"), world(with_storage("2Gi")))) == [
        ("apply", "PersistentVolumeClaim chat-redis")
    ]


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        (with_storage("2Gi"), with_storage("1Gi"), "cannot shrink from 2Gi to 1Gi"),
        (with_storage(storageClassName="a"), with_storage(storageClassName="b"), "cannot change from a to b"),
    ],
)
def test_what_a_claim_cannot_become_stalls(before: SocketIOCluster, after: SocketIOCluster, sentence: str) -> None:
    decision = decided(after, world(before))
    assert decision.actions == ()
    assert sentence in decision.problems[0].message
    assert told(after, world(before))["Stalled"] == (True, "StorageUnchangeable")
    assert told(after, world(before))["Available"] == (True, "Serving")


def test_a_failed_enlargement_may_be_taken_back() -> None:
    live = world(with_storage("9Gi"))
    live[CLAIM]["status"] = {"capacity": {"storage": "1Gi"}}
    assert ("apply", "PersistentVolumeClaim chat-redis") in summary(decided(with_storage("2Gi"), live))


def test_a_claim_keeps_its_class() -> None:
    assert decided(with_storage(), world(with_storage(storageClassName="fast"))).actions == ()
    live = world(with_storage())
    live[CLAIM]["spec"]["storageClassName"] = "the-default"
    assert decided(with_storage(), live).actions == ()


def test_without_storage_the_claim_goes_after_redis_was_told() -> None:
    of = cluster(adapter={"type": STREAMS})
    live = world(with_storage())
    assert ("apply", "StatefulSet chat-redis") in summary(decided(of, live))
    assert summary(decided(of, {**world(of), CLAIM: live[CLAIM]})) == [("delete", "PersistentVolumeClaim chat-redis")]


def before_the_move(of: SocketIOCluster, **redis: Any) -> dict[Ref, Any]:
    """The world as an operator left it that ran Redis as a Deployment."""
    live = world(of)
    stateful = live.pop(REDIS)
    live[OLD] = as_stored({**stateful, "kind": "Deployment"}, "old", {**SETTLED, "readyReplicas": 1, **redis})
    return live


def old_pod() -> dict[str, Any]:
    labels = {"socketio-operator.dev/component": "redis"}
    owner = {"kind": "ReplicaSet", "name": "chat-redis-5c9", "uid": "rs", "controller": True}
    return {"metadata": {"name": "chat-redis-5c9-x", "labels": labels, "ownerReferences": [owner]}, "status": {}}


def test_redis_moves_without_two_of_them() -> None:
    of = cluster()
    live = before_the_move(of)
    (leave,) = deletes(decided(of, live, pods=(old_pod(),)))
    assert (leave.ref, leave.foreground) == (OLD, True)
    assert told(of, live)["Ready"] == (False, "BrokerMoving")
    live[OLD]["metadata"]["deletionTimestamp"] = "now"
    assert decided(of, live, pods=(old_pod(),)).actions == ()
    assert told(of, live, pods=(old_pod(),))["Ready"] == (False, "BrokerMoving")
    del live[OLD]
    assert decided(of, live, pods=(old_pod(),)).actions == (), "its pod may outlive a Deployment"
    assert summary(decided(of, live)) == [("create", "StatefulSet chat-redis")]


def test_redis_moves_once_the_pods_of_the_server_are_new() -> None:
    of = cluster(image="registry.example/chat:2")
    live = before_the_move(cluster())
    assert summary(decided(of, live)) == [("apply", "Deployment chat")]
    live[SERVER] = {**world(of)[SERVER], "status": {**SETTLED, "updatedReplicas": 1, "replicas": 3}}
    assert decided(of, live).actions == ()
    assert told(of, live)["Ready"] == (False, "RollingOut")
    live[SERVER]["status"] = SETTLED
    assert summary(decided(of, live)) == [("delete", "Deployment chat-redis")]


def test_a_redis_that_does_not_run_moves_at_once() -> None:
    """Else pods that wait for it would wait for ever."""
    of = cluster()
    live = before_the_move(of, readyReplicas=0)
    live[SERVER]["status"]["readyReplicas"] = 0
    assert summary(decided(of, live)) == [("delete", "Deployment chat-redis")]


def test_the_move_restarts_no_server() -> None:
    of = cluster()
    assert not [change for change in writes(decided(of, before_the_move(of))) if change.ref == SERVER]


def test_a_foreign_deployment_is_left_alone() -> None:
    of = cluster()
    live = world(of)
    live[OLD] = as_stored({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": OLD.name}})
    assert decided(of, live).actions == ()
