"""How objects of each kind reach the store: as the few fields that decisions read."""

from collections.abc import Iterable
from typing import Any

from socketio_operator.controller.key import Key
from socketio_operator.controller.reflector import Shelf
from socketio_operator.controller.store import Store
from socketio_operator.desired.kinds import POD, REPLICA_SET, Kind
from socketio_operator.plan.observed import Child
from socketio_operator.plan.pods import Pod


class ChildShelf:
    """Children of one kind."""

    def __init__(self, store: Store, kind: Kind, namespace: str | None) -> None:
        self._store, self._kind, self._namespace = store, kind, namespace
        self._listed: list[tuple[str, Child]] = []

    def put(self, live: dict[str, Any]) -> Iterable[Key]:
        """An object exists. Our own writes come back as events: they are looked at no further."""
        meta = live["metadata"]
        known = self._store.known((self._kind.kind, meta["namespace"], meta["name"]))
        if known and known.version >= int(meta["resourceVersion"]):
            return ()
        return self._store.put(meta["namespace"], Child.of(live, known))

    def drop(self, live: dict[str, Any]) -> Iterable[Key]:
        """An object is gone."""
        meta = live["metadata"]
        return self._store.drop((self._kind.kind, meta["namespace"], meta["name"]), int(meta["resourceVersion"]))

    def compare(self, listed: list[dict[str, Any]]) -> Iterable[Key]:
        """Children whose versions differ are forgotten."""
        touched: set[Key] = set()
        for live in listed:
            meta = live["metadata"]
            place, version = (self._kind.kind, meta["namespace"], meta["name"]), int(meta["resourceVersion"])
            known = self._store.known(place)
            if known and known.version < version:
                touched |= self._store.drop(place, version)
        return touched

    def begin(self) -> None:
        """The start of a list."""
        self._listed = []

    def take(self, live: dict[str, Any]) -> None:
        """One of a list."""
        child = Child.of(live)
        if child.owner:
            self._listed.append((live["metadata"]["namespace"], child))

    def finish(self, version: int) -> Iterable[Key]:
        """The end of a list."""
        listed, self._listed = self._listed, []
        return self._store.replace(self._kind.kind, self._namespace, listed, version)


class PodShelf:
    """Pods."""

    def __init__(self, store: Store, namespace: str | None) -> None:
        self._store, self._namespace = store, namespace
        self._listed: list[tuple[str, Pod]] = []

    def put(self, live: dict[str, Any]) -> Iterable[Key]:
        """A pod exists."""
        key = self._store.pods.put(live["metadata"]["namespace"], Pod.of(live))
        return (key,) if key else ()

    def drop(self, live: dict[str, Any]) -> Iterable[Key]:
        """A pod is gone."""
        meta = live["metadata"]
        key = self._store.pods.drop(meta["namespace"], meta["name"], int(meta["resourceVersion"]))
        return (key,) if key else ()

    def compare(self, listed: list[dict[str, Any]]) -> Iterable[Key]:
        """No pod that a workload of ours makes can be so large."""
        return ()

    def begin(self) -> None:
        """The start of a list."""
        self._listed = []

    def take(self, live: dict[str, Any]) -> None:
        """One of a list."""
        self._listed.append((live["metadata"]["namespace"], Pod.of(live)))

    def finish(self, version: int) -> Iterable[Key]:
        """The end of a list."""
        listed, self._listed = self._listed, []
        pods, present = self._store.pods, {(space, pod.name) for space, pod in listed}
        gone = [pods.drop(space, name, version) for space, name in pods.absent(self._namespace, present)]
        return {key for key in (*gone, *(pods.put(space, pod) for space, pod in listed)) if key}


class SetShelf:
    """ReplicaSets: which Deployment each belongs to."""

    def __init__(self, store: Store, namespace: str | None) -> None:
        self._store, self._namespace = store, namespace
        self._listed: set[str] = set()

    def put(self, live: dict[str, Any]) -> Iterable[Key]:
        """A ReplicaSet exists."""
        meta = live["metadata"]
        for owner in meta.get("ownerReferences", ()):
            if owner.get("controller") and owner.get("kind") == "Deployment":
                return self._store.pods.put_set(meta["namespace"], meta["uid"], owner["uid"])
        return ()

    def drop(self, live: dict[str, Any]) -> Iterable[Key]:
        """A ReplicaSet is gone; its pods tell so themselves."""
        self._store.pods.drop_set(live["metadata"]["uid"])
        return ()

    def compare(self, listed: list[dict[str, Any]]) -> Iterable[Key]:
        """Of ReplicaSets nothing but metadata is read in any case."""
        return ()

    def begin(self) -> None:
        """The start of a list."""
        self._listed = set()

    def take(self, live: dict[str, Any]) -> None:
        """One of a list."""
        self._listed.add(live["metadata"]["uid"])
        self.put(live)

    def finish(self, version: int) -> Iterable[Key]:
        """The end of a list."""
        listed, self._listed = self._listed, set()
        for uid in self._store.pods.absent_sets(self._namespace, listed):
            self._store.pods.drop_set(uid)
        return ()


def shelf(store: Store, kind: Kind, namespace: str | None) -> Shelf:
    """Where objects of a kind are kept."""
    if kind == POD:
        return PodShelf(store, namespace)
    if kind == REPLICA_SET:
        return SetShelf(store, namespace)
    return ChildShelf(store, kind, namespace)
