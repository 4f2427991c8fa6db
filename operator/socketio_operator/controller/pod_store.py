"""Pods, and which workload of ours each belongs to: a label says nothing, the chain of controllers decides."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from socketio_operator.controller.key import Key
from socketio_operator.plan.pods import Pod

# Watches of several kinds are not in step: a pod may be heard of before its ReplicaSet. So few are enough.
UNCLAIMED_LIMIT = 100


class PodStore:
    """Pods by what controls them. Workloads are told by `claim` and `release`, ReplicaSets by `put_set`."""

    def __init__(self) -> None:
        self._keys: dict[str, Key] = {}  # uid of a Deployment or StatefulSet
        self._sets: dict[str, tuple[str, str]] = {}  # uid of a ReplicaSet -> its namespace, uid of its Deployment
        self._sets_of: dict[str, set[str]] = defaultdict(set)
        self._pods: dict[str, dict[str, Pod]] = defaultdict(dict)  # by uid of the controller, then by name
        self._places: dict[tuple[str, str], str] = {}  # (namespace, pod) -> uid of the controller
        self._unclaimed: dict[str, dict[str, Pod]] = defaultdict(dict)  # by namespace, then by name

    def claim(self, uid: str, key: Key) -> None:
        """A workload of a cluster exists."""
        if self._keys.get(uid) != key:
            self._keys[uid] = key
            self._settle(key.namespace)

    def release(self, uid: str) -> None:
        """A workload is gone."""
        self._keys.pop(uid, None)

    def put_set(self, namespace: str, uid: str, deployment: str) -> set[Key]:
        """A ReplicaSet of the Deployment of this uid exists. Returns the clusters of pods that waited for it."""
        if uid in self._sets:
            return set()
        self._sets[uid] = (namespace, deployment)
        self._sets_of[deployment].add(uid)
        return self._settle(namespace)

    def drop_set(self, uid: str) -> None:
        """A ReplicaSet is gone."""
        _, deployment = self._sets.pop(uid, ("", ""))
        if deployment:
            self._sets_of[deployment].discard(uid)
            if not self._sets_of[deployment]:
                del self._sets_of[deployment]

    def put(self, namespace: str, pod: Pod) -> Key | None:
        """Keeps a pod. Returns the cluster concerned; None if it is nobody's, or nothing newer than what is known."""
        known = self._known(namespace, pod.name)
        if known and known.version >= pod.version:
            return None
        self._forget(namespace, pod.name)
        key = self._key(pod.controller)
        if key is not None:
            self._pods[pod.controller][pod.name] = pod
            self._places[namespace, pod.name] = pod.controller
        elif pod.controller and len(self._unclaimed[namespace]) < UNCLAIMED_LIMIT:
            self._unclaimed[namespace][pod.name] = pod
        return key

    def drop(self, namespace: str, name: str, version: int) -> Key | None:
        """Forgets a pod, unless a newer state of that name is known. Returns the cluster concerned."""
        known = self._known(namespace, name)
        if known is None or known.version > version:
            return None
        self._forget(namespace, name)
        return self._key(known.controller)

    def of(self, workloads: Iterable[str]) -> Iterator[Pod]:
        """Pods that workloads of these uids control."""
        for uid in workloads:
            for controller in (uid, *self._sets_of.get(uid, ())):
                yield from self._pods.get(controller, {}).values()

    def absent(self, namespace: str | None, present: set[tuple[str, str]]) -> list[tuple[str, str]]:
        """(namespace, name) of kept pods that are not among those present."""
        kept = [*self._places, *((space, name) for space, pods in self._unclaimed.items() for name in pods)]
        return [place for place in kept if namespace in (None, place[0]) and place not in present]

    def absent_sets(self, namespace: str | None, present: set[str]) -> list[str]:
        """Uids of kept ReplicaSets that are not among those present."""
        return [uid for uid, (space, _) in self._sets.items() if namespace in (None, space) and uid not in present]

    def _key(self, controller: str) -> Key | None:
        return self._keys.get(controller) or self._keys.get(self._sets.get(controller, ("", ""))[1])

    def _known(self, namespace: str, name: str) -> Pod | None:
        controller = self._places.get((namespace, name), "")
        return self._pods.get(controller, {}).get(name) or self._unclaimed.get(namespace, {}).get(name)

    def _forget(self, namespace: str, name: str) -> None:
        controller = self._places.pop((namespace, name), None)
        if controller:
            self._pods[controller].pop(name, None)
            if not self._pods[controller]:
                del self._pods[controller]
        if namespace in self._unclaimed:
            self._unclaimed[namespace].pop(name, None)
            if not self._unclaimed[namespace]:
                del self._unclaimed[namespace]

    def _settle(self, namespace: str) -> set[Key]:
        """Takes over the pods whose controllers are known by now, and returns their clusters."""
        found = [pod for pod in self._unclaimed.get(namespace, {}).values() if self._key(pod.controller)]
        for pod in found:
            self._forget(namespace, pod.name)
        return {key for pod in found if (key := self.put(namespace, pod))}
