"""The store moves forward only, notices what no event told, and keeps what we own, whatever labels say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from socketio_operator.controller.key import Key
from socketio_operator.controller.pod_store import UNCLAIMED_LIMIT
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import Ref
from socketio_operator.plan.broker import BrokerAnswer
from socketio_operator.plan.observed import Child, Owner, Progress
from socketio_operator.plan.pods import Pod

CHAT, OTHER = Key("team", "chat"), Key("team", "other")
SETTLED = Progress(1, 1, 1, 1, True)


def child(
    name: str = "chat", version: int = 1, kind: str = "Service", uid: str = "u", owner: str | None = "chat"
) -> Child:
    whose = Owner(owner, f"uid-of-{owner}") if owner else None
    progress = SETTLED if kind in ("Deployment", "StatefulSet") else None
    return Child(Ref(kind, name), uid, version, whose, b"{}", progress=progress)


def pod(name: str = "chat-1", controller: str = "set", version: int = 1) -> Pod:
    return Pod(name, f"uid-of-{name}", version, "server", controller, "ReplicaSet")


def put(store: Store, item: Child, namespace: str = "team") -> set[Key]:
    return store.put(namespace, item)


def test_objects_belong_to_the_cluster_that_controls_them() -> None:
    store = Store()
    assert put(store, child()) == {CHAT}
    assert put(store, child("foreign", owner=None)) == set()
    assert list(store.children(CHAT)) == [Ref("Service", "chat")]


def test_an_object_that_changes_hands_concerns_both() -> None:
    store = Store()
    put(store, child(version=1))
    assert put(store, child(version=2, owner="other")) == {CHAT, OTHER}
    assert not store.children(CHAT)
    assert put(store, child(version=3, owner=None)) == {OTHER}
    assert not store.children(OTHER)


def test_an_older_object_never_replaces_a_newer_one() -> None:
    store = Store()
    put(store, child(version=9))
    assert put(store, child(version=8)) == set()
    assert put(store, child(version=9)) == set()
    assert put(store, child(version=8, uid="another")) == set()
    assert store.children(CHAT)[Ref("Service", "chat")].version == 9
    assert put(store, child(version=10)) == {CHAT}


def test_a_late_deletion_does_not_take_the_successor() -> None:
    store, place = Store(), ("Service", "team", "chat")
    put(store, child(uid="new", version=12))
    assert store.drop(place, 11) == set()
    assert store.children(CHAT)
    assert store.drop(place, 13) == {CHAT}
    assert not store.children(CHAT)


def test_a_list_tells_of_missed_deletions() -> None:
    store = Store()
    put(store, child("a", uid="a"))
    put(store, child("b", uid="b"))
    put(store, child("c", kind="ConfigMap", uid="c"))
    put(store, child("new", uid="new", version=50))
    assert store.replace("Service", None, [("team", child("b", uid="b"))], 40) == {CHAT}
    assert {ref.name for ref in store.children(CHAT)} == {"b", "c", "new"}, "what is newer than the list stays"
    assert store.replace("Service", "elsewhere", [], 60) == set(), "nor does it speak of another namespace"


@given(st.lists(st.integers(1, 30), unique=True, max_size=20))
def test_whatever_the_order_the_newest_state_counts(versions: list[int]) -> None:
    store = Store()
    for seen, version in enumerate(versions, start=1):
        put(store, child(version=version, owner=("chat", "other")[version % 2]))
        kept = [known.version for key in (CHAT, OTHER) for known in store.children(key).values()]
        assert kept == [max(versions[:seen])]


def test_pods_belong_to_the_workload_that_controls_them() -> None:
    store = Store()
    store.pods.put("team", pod())
    assert store.pods_of(CHAT) == (), "nothing of ours is known to control it"
    put(store, child(kind="Deployment", uid="deployment"))
    assert store.pods.put_set("team", "set", "deployment") == {CHAT}
    assert [found.name for found in store.pods_of(CHAT)] == ["chat-1"]
    assert store.pods.put("team", pod("foreign", controller="elsewhere")) is None
    assert len(store.pods_of(CHAT)) == 1
    assert store.pods.put("team", pod(version=2)) == CHAT
    assert store.pods.drop("team", "chat-1", 1) is None
    assert store.pods.drop("team", "chat-1", 3) == CHAT
    assert store.pods_of(CHAT) == ()


def test_foreign_pods_are_not_kept_in_numbers() -> None:
    store = Store()
    for number in range(3 * UNCLAIMED_LIMIT):
        store.pods.put("team", pod(f"foreign-{number}", controller="foreign"))
    assert len(store.pods.absent(None, set())) == UNCLAIMED_LIMIT
    put(store, child(kind="Deployment", uid="deployment"))
    store.pods.put_set("team", "set", "deployment")
    assert store.pods.put("team", pod()) == CHAT, "and they are in nobody's way"


def cluster(version: int = 1, **more: Any) -> dict[str, Any]:
    meta = {"namespace": "team", "name": "chat", "uid": "u", "resourceVersion": str(version), "generation": 1}
    return {"metadata": {**meta, **more.pop("metadata", {})}, "spec": {}, **more}


def test_our_own_status_is_no_news() -> None:
    store = Store()
    assert store.put_cluster(CHAT, cluster(1))
    written = cluster(2, status={"replicas": 1})
    assert store.put_cluster(CHAT, written), "the answer to the write"
    assert not store.put_cluster(CHAT, cluster(2, status={"replicas": 1})), "its event"
    assert not store.put_cluster(CHAT, cluster(3, status={"replicas": 1}, metadata={"labels": {"a": "b"}}))
    assert store.put_cluster(CHAT, cluster(4, status={"replicas": 7})), "somebody else's status is"
    assert store.put_cluster(CHAT, cluster(5, status={"replicas": 7}, metadata={"generation": 2}))
    assert not store.put_cluster(CHAT, cluster(4))


def test_findings_are_news_once() -> None:
    store = Store()
    assert not store.find(CHAT, "broker", BrokerAnswer.WELL), "the cluster is gone"
    store.put_cluster(CHAT, cluster())
    assert store.find(CHAT, "broker", None), "an answer was waited for, even one that says nothing"
    assert not store.find(CHAT, "broker", None)
    assert store.find(CHAT, "broker", BrokerAnswer.WELL)
    store.find(CHAT, "runtime gone", None)
    store.keep_findings(CHAT, {"broker", "runtime there"})
    assert store.findings(CHAT) == {"broker": BrokerAnswer.WELL}
    store.forget(CHAT)
    assert store.findings(CHAT) == {}


def test_a_pod_keeps_what_decisions_read() -> None:
    owner = {"kind": "ReplicaSet", "uid": "set", "controller": True}
    labels = {"socketio-operator.dev/component": "server", "pod-template-hash": "6694"}
    probe = {"httpGet": {"path": "/readyz", "port": "runtime"}}
    meta = {"name": "p", "uid": "u", "resourceVersion": "3", "creationTimestamp": "1970-01-01T00:01:00Z"}
    live = {
        "metadata": {**meta, "labels": labels, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "server", "readinessProbe": probe}]},
        "status": {
            "podIP": "10.0.0.1",
            "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [
                {
                    "name": "server",
                    "restartCount": 2,
                    "started": True,
                    "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                }
            ],
        },
    }
    started = datetime(2026, 1, 1, tzinfo=UTC)
    seen = Pod("p", "u", 3, "server", "set", "ReplicaSet", "10.0.0.1", True, False, started, 2)
    assert Pod.of(live) == replace(seen, up=True, asks_runtime=True, template="6694", created=60)
