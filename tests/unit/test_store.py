"""The store moves forward only, and notices what no event told."""

from typing import Any

from socketio_operator.controller.store import Key, Store
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import CLUSTER_LABEL

CHAT = Key("team", "chat")


def live(name: str = "chat", version: int = 1, kind: str = "Service", uid: str = "u", **meta: Any) -> dict[str, Any]:
    labels = {CLUSTER_LABEL: "chat"}
    metadata = {"name": name, "namespace": "team", "uid": uid, "resourceVersion": str(version), "labels": labels}
    return {"kind": kind, "metadata": metadata | meta}


def test_objects_belong_to_the_cluster_of_their_label() -> None:
    store = Store()
    assert store.put(live()) == CHAT
    assert store.put(live(labels={})) is None
    assert list(store.children(CHAT)) == [Ref("Service", "chat")]


def test_an_event_older_than_our_own_write_is_dropped() -> None:
    store = Store()
    store.put(live(version=9))
    assert store.put(live(version=8)) is None
    assert store.put(live(version=9)) is None
    assert store.children(CHAT)[Ref("Service", "chat")]["metadata"]["resourceVersion"] == "9"
    assert store.put(live(version=10)) == CHAT


def test_a_late_deletion_does_not_take_the_successor() -> None:
    store = Store()
    store.put(live(uid="new", version=12))
    assert store.drop(live(uid="old", version=11)) is None
    assert store.children(CHAT)
    assert store.drop(live(uid="new", version=13)) == CHAT
    assert not store.children(CHAT)


def test_a_list_tells_of_missed_deletions() -> None:
    store = Store()
    store.put(live("a", uid="a"))
    store.put(live("b", uid="b"))
    store.put(live("pod", uid="p", kind="Pod"))
    assert store.replace("Service", None, [live("b", uid="b")]) == {CHAT}
    assert set(store.children(CHAT)) == {Ref("Service", "b")}
    assert len(store.pods(CHAT)) == 1, "a list of one kind says nothing about another"
    assert store.replace("Service", "elsewhere", []) == set(), "nor about another namespace"


def test_a_stale_cluster_does_not_replace_a_newer_one() -> None:
    store = Store()
    assert store.put_cluster(CHAT, live(version=5))
    assert not store.put_cluster(CHAT, live(version=4))
    assert store.put_cluster(CHAT, live(version=1, uid="another"))
