"""What the watches saw: live objects by cluster, and what probes found.

Invariants: an object only moves forward, so that we never act on our own past; what does not carry a SocketIOCluster's
controller reference is not kept, whatever its labels say.
"""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from socketio_operator.controller.key import Key
from socketio_operator.controller.pod_store import PodStore
from socketio_operator.desired.kinds import Ref
from socketio_operator.plan.observed import Child, Live
from socketio_operator.plan.pods import Pod
from socketio_operator.plan.probes import Finding

Place = tuple[str, str, str]  # kind, namespace, name


class Store:
    """Children and pods of all clusters, the clusters themselves, and findings about their machines."""

    def __init__(self) -> None:
        self._children: dict[Key, dict[Ref, Child]] = defaultdict(dict)
        self._places: dict[Place, Key] = {}
        self._findings: dict[Key, dict[str, Finding]] = {}
        self.pods = PodStore()
        self.clusters: dict[Key, Live] = {}
        self._heard: dict[Key, float] = {}

    def put(self, namespace: str, child: Child) -> set[Key]:
        """Keeps a child. Returns the clusters concerned: that of its owner, and that of its owner until now."""
        place = (child.ref.kind, namespace, child.ref.name)
        before = self._places.get(place)
        known = self._children[before][child.ref] if before else None
        if known and known.version >= child.version:
            return set()
        self._forget(place)
        if child.owner is None:
            return {before} if before else set()
        key = Key(namespace, child.owner.name)
        self._children[key][child.ref] = child
        self._places[place] = key
        if child.progress:
            self.pods.claim(child.uid, key)
        return {key, before} if before else {key}

    def known(self, place: Place) -> Child | None:
        """What is kept of an object."""
        key = self._places.get(place)
        return self._children[key][Ref(place[0], place[2])] if key else None

    def absent(self, namespace: str, ref: Ref) -> None:
        """Forgets a child of which a read told that it is not there."""
        self._forget((ref.kind, namespace, ref.name))

    def drop(self, place: Place, version: int) -> set[Key]:
        """Forgets a child, unless a newer state of that name is known. Returns the cluster concerned."""
        key = self._places.get(place)
        if key is None or self._children[key][Ref(place[0], place[2])].version > version:
            return set()
        self._forget(place)
        return {key}

    def replace(self, kind: str, namespace: str | None, listed: list[tuple[str, Child]], version: int) -> set[Key]:
        """Takes over a whole list of one kind: what is not in it is gone, even if no event said so."""
        present = {(kind, space, child.ref.name) for space, child in listed}
        gone = [
            place
            for place in self._places
            if place[0] == kind and namespace in (None, place[1]) and place not in present
        ]
        touched: set[Key] = set()
        return touched.union(
            *(self.drop(place, version) for place in gone), *(self.put(space, child) for space, child in listed)
        )

    def forget_kind(self, kind: str) -> None:
        """Forgets all children of a kind that the API server does not serve any more."""
        for place in [place for place in self._places if place[0] == kind]:
            self._forget(place)

    def tells(self, reason: str) -> bool:
        """Whether the status of any cluster has a condition of this reason."""
        bodies = self.clusters.values()
        found = (condition for body in bodies for condition in body.get("status", {}).get("conditions", ()))
        return any(condition.get("reason") == reason for condition in found)

    def _forget(self, place: Place) -> None:
        key = self._places.pop(place, None)
        if key is None:
            return
        child = self._children[key].pop(Ref(place[0], place[2]))
        if child.progress:
            self.pods.release(child.uid)
        if not self._children[key]:
            del self._children[key]

    def children(self, key: Key) -> Mapping[Ref, Child]:
        """Live children of a cluster, those of a namesake that is gone included."""
        return dict(self._children.get(key, {}))

    def pods_of(self, key: Key) -> tuple[Pod, ...]:
        """Live pods of a cluster, by name."""
        workloads = [child.uid for child in self._children.get(key, {}).values() if child.progress]
        return tuple(sorted(self.pods.of(workloads), key=lambda pod: pod.name))

    def put_cluster(self, key: Key, body: Live) -> bool:
        """Keeps a SocketIOCluster. Returns whether it says anything new: our own status comes back as an event."""
        known = self.clusters.get(key)
        if known and _version(known) > _version(body):
            return False
        self._heard[key] = time.monotonic()
        meta = {name: value for name, value in body["metadata"].items() if name != "managedFields"}
        self.clusters[key] = {**body, "metadata": meta}
        return known is None or _said(known) != _said(body)

    def heard(self, key: Key) -> float:
        """When the API server last told of a cluster, in monotonic seconds."""
        return self._heard.get(key, 0.0)

    def find(self, key: Key, name: str, finding: Finding) -> bool:
        """Keeps what a probe found. Returns whether that is news."""
        if key not in self.clusters:
            return False
        found = self._findings.setdefault(key, {})
        news = name not in found or found[name] != finding
        found[name] = finding
        return news

    def findings(self, key: Key) -> Mapping[str, Finding]:
        """What probes found, by their names."""
        return self._findings.get(key, {})

    def keep_findings(self, key: Key, names: set[str]) -> None:
        """Forgets what other probes found: their machines are gone."""
        if found := self._findings.get(key):
            self._findings[key] = {name: finding for name, finding in found.items() if name in names}

    def forget(self, key: Key) -> None:
        """Forgets a cluster that is gone; its children are forgotten as they go."""
        self.clusters.pop(key, None)
        self._heard.pop(key, None)
        self._findings.pop(key, None)


def _version(body: Live) -> int:
    return int(body["metadata"].get("resourceVersion") or 0)


def _said(body: Live) -> tuple[Any, ...]:
    meta = body["metadata"]
    return meta["uid"], meta.get("generation"), meta.get("deletionTimestamp"), body.get("status")
