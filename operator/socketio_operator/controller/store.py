"""What the watches saw: live objects by cluster.

Invariant: an object only moves forward. An event older than what an answer to our own write already
told is dropped, so that we never act on our own past.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socketio_operator.desired.kinds import POD, Ref
from socketio_operator.desired.metadata import CLUSTER_LABEL
from socketio_operator.plan.observed import Live


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """One SocketIOCluster."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


def key_of(live: Live) -> Key | None:
    """The cluster that an object belongs to, by its label."""
    name = live["metadata"].get("labels", {}).get(CLUSTER_LABEL)
    return Key(live["metadata"]["namespace"], name) if name else None


def _version(live: Live) -> int:
    return int(live["metadata"].get("resourceVersion") or 0)


class Store:
    """Children and pods of all clusters, and the clusters themselves."""

    def __init__(self) -> None:
        self._objects: dict[Key, dict[Ref, Live]] = defaultdict(dict)
        self.clusters: dict[Key, Live] = {}

    def put(self, live: dict[str, Any]) -> Key | None:
        """Keeps an object. Returns the cluster concerned, or None if this was already known."""
        key = key_of(live)
        if key is None:
            return None
        ref = Ref(live["kind"], live["metadata"]["name"])
        known = self._objects[key].get(ref)
        if known and known["metadata"]["uid"] == live["metadata"]["uid"] and _version(known) >= _version(live):
            return None
        if ref.kind == POD.kind:
            live = {**live, "metadata": {k: v for k, v in live["metadata"].items() if k != "managedFields"}}
        self._objects[key][ref] = live
        return key

    def drop(self, live: Live) -> Key | None:
        """Forgets an object, unless a successor of the same name is already known."""
        key = key_of(live)
        if key is None or key not in self._objects:
            return None
        ref = Ref(live["kind"], live["metadata"]["name"])
        known = self._objects[key].get(ref)
        if known is None or known["metadata"]["uid"] != live["metadata"]["uid"]:
            return None
        del self._objects[key][ref]
        if not self._objects[key]:
            del self._objects[key]
        return key

    def replace(self, kind: str, namespace: str | None, listed: list[dict[str, Any]]) -> set[Key]:
        """Takes over a whole list of one kind: what is not in it is gone, even if no event said so."""
        present = {live["metadata"]["uid"] for live in listed}
        gone = [
            live
            for key, objects in self._objects.items()
            if namespace in (None, key.namespace)
            for ref, live in objects.items()
            if ref.kind == kind and live["metadata"]["uid"] not in present
        ]
        touched = {self.drop(live) for live in gone} | {self.put(live) for live in listed}
        return {key for key in touched if key}

    def children(self, key: Key) -> Mapping[Ref, Live]:
        """Live objects of a cluster, without pods."""
        return {ref: live for ref, live in self._objects.get(key, {}).items() if ref.kind != POD.kind}

    def pods(self, key: Key) -> tuple[Live, ...]:
        """Live pods of a cluster, by name."""
        objects = self._objects.get(key, {})
        return tuple(objects[ref] for ref in sorted(objects) if ref.kind == POD.kind)

    def put_cluster(self, key: Key, body: Live) -> bool:
        """Keeps a SocketIOCluster; False if a newer state of it is known."""
        known = self.clusters.get(key)
        if known and known["metadata"]["uid"] == body["metadata"]["uid"] and _version(known) > _version(body):
            return False
        self.clusters[key] = body
        return True
