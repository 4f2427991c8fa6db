"""What a reconcile looked at: one frozen picture, taken before anything is decided.

Live objects are kept as the few fields that decisions read: a thousand clusters are fourteen thousand objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

import orjson

from socketio_operator.api import KIND, SocketIOCluster
from socketio_operator.desired.children import canonical_json
from socketio_operator.desired.kinds import WORKLOADS, Ref, ref_of
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import CAUSE_ANNOTATION, COMPONENT_LABEL, CREDENTIALS_ANNOTATION
from socketio_operator.plan.managed_fields import owned_fields
from socketio_operator.plan.passage import CanaryReport
from socketio_operator.plan.pods import Pod, unix_seconds
from socketio_operator.plan.problem import Problem, one_line
from socketio_operator.plan.route_state import RouteState
from socketio_operator.plan.runtime import RuntimeReport, apart

Live = Mapping[str, Any]
Acknowledged = Mapping[Ref, tuple[bytes, bytes]]
Ownership = Literal["ours", "former", "foreign"]

EPOCH = datetime.fromtimestamp(0, UTC)
_NOTES = ("labels", "annotations", "ownerReferences")
RESTARTED = "kubectl.kubernetes.io/restartedAt"


@dataclass(frozen=True, slots=True)
class Owner:
    """The SocketIOCluster that controls an object."""

    name: str
    uid: str

    @classmethod
    def of(cls, live: Live) -> "Owner | None":
        """From the object's controller reference; None if another kind or nothing controls it."""
        for reference in live["metadata"].get("ownerReferences", ()):
            if reference.get("controller"):
                return cls(reference["name"], reference["uid"]) if reference.get("kind") == KIND else None
        return None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a Deployment or StatefulSet is. `wanted`: spec.replicas. `refused`, `stuck`: messages, empty if not so.

    `current`: its controller has seen the present spec. `restarted`: when somebody asked for a restart by kubectl.
    """

    wanted: int
    replicas: int
    updated: int
    ready: int
    current: bool
    refused: str = ""
    stuck: str = ""
    restarted: str = ""

    @classmethod
    def of(cls, live: Live) -> "Progress":
        """From a live workload."""
        status, spec = live.get("status", {}), live.get("spec", {})
        messages = {
            (item["type"], item.get("status"), item.get("reason")): item for item in status.get("conditions", ())
        }
        refused = [item for key, item in messages.items() if key[:2] == ("ReplicaFailure", "True")]
        stuck = [item for key, item in messages.items() if key[2] == "ProgressDeadlineExceeded"]
        template = spec.get("template", {}).get("metadata", {})
        return cls(
            wanted=spec.get("replicas", 1),
            replicas=status.get("replicas", 0),
            updated=status.get("updatedReplicas", 0),
            ready=status.get("readyReplicas", 0),
            current=status.get("observedGeneration", 0) >= live["metadata"].get("generation", 0),
            refused=one_line(refused[0].get("message", "")) if refused else "",
            stuck=one_line(stuck[0].get("message", "")) if stuck else "",
            restarted=(template.get("annotations") or {}).get(RESTARTED, ""),
        )

    @property
    def settled(self) -> bool:
        """Whether no pod of an earlier template is left and all pods are ready."""
        return self.current and self.updated == self.replicas == self.ready == self.wanted


@dataclass(frozen=True, slots=True)
class Child:
    """A live object. `owned`: canonical JSON of what our last apply set, None if we never applied it.

    `version`: its resourceVersion. `component`: its component label. `capacity`: of a bound claim. `cause`: why its
    last rollout began, and `credentials`: what its pods were started with, both as we annotated them. `generation` and
    `notes` tell whether anything but the status changed: they are 0 where a kind has no generation. `created`: Unix
    time in seconds. `route`: of a kind that clients come through.
    """

    ref: Ref
    uid: str
    version: int
    owner: Owner | None
    owned: bytes | None
    component: str = ""
    deleting: bool = False
    progress: Progress | None = None
    capacity: str = ""
    cause: str = ""
    credentials: str = ""
    generation: int = 0
    notes: int = 0
    created: int = 0
    route: RouteState | None = None

    @classmethod
    def of(cls, live: Live, before: "Child | None" = None) -> "Child":
        """From an object as the API server serves it. `before`: an earlier state of it, which spares a projection."""
        meta = live["metadata"]
        generation = meta.get("generation", 0)
        notes = hash(canonical_json([meta.get(name) for name in _NOTES])) if generation else 0
        given = meta.get("annotations", {})
        return cls(
            ref=ref_of(live),
            uid=meta["uid"],
            version=int(meta["resourceVersion"]),
            owner=Owner.of(live),
            owned=before.owned if before and before._differs_in_status_only(meta, notes) else _owned(live),
            component=meta.get("labels", {}).get(COMPONENT_LABEL, ""),
            deleting="deletionTimestamp" in meta,
            progress=Progress.of(live) if live["kind"] in WORKLOADS else None,
            capacity=(live.get("status") or {}).get("capacity", {}).get("storage", ""),
            cause=given.get(CAUSE_ANNOTATION, ""),
            credentials=given.get(CREDENTIALS_ANNOTATION, "").partition(" ")[0],
            generation=generation,
            notes=notes,
            created=unix_seconds(meta.get("creationTimestamp")),
            route=RouteState.of(live),
        )

    def _differs_in_status_only(self, meta: Mapping[str, Any], notes: int) -> bool:
        known = (self.uid, self.generation, self.notes)
        return self.generation > 0 and known == (meta["uid"], meta.get("generation", 0), notes)

    @property
    def applied(self) -> Manifest | None:
        """What our last apply set, as a value; None if we never applied it."""
        fields: Manifest | None = None if self.owned is None else orjson.loads(self.owned)
        return fields

    def ownership(self, cluster: SocketIOCluster) -> Ownership:
        """`ours`: our uid controls it. `former`: a deleted cluster of this name does; garbage collection is due."""
        if self.owner is None or self.owner.name != cluster.name:
            return "foreign"
        return "ours" if self.owner.uid == cluster.uid else "former"


def _owned(live: Live) -> bytes | None:
    fields = owned_fields(live)
    return None if fields is None else canonical_json(fields)


@dataclass(frozen=True, slots=True)
class Observed:
    """The world around one cluster.

    `children`: live objects by reference, ours and foreign ones that stand in our way. `pods`: pods that workloads of
    ours control, of all components. `secrets`: problems of Secrets and ConfigMaps that the user names.
    `broker`: what an external broker answered, None if it is well or there is none. `runtimes`: what the injected
    runtimes of running pods report. `canary`: what the operator's own client found last. `unanswered`: a question to a
    broker or runtime has no answer yet. `credentials`: a hash of the external broker's URL as the Secret has it now,
    empty if there is none. `unserved`: kinds that the API server does not serve.
    """

    children: Mapping[Ref, Child] = field(default_factory=dict)
    pods: tuple[Pod, ...] = ()
    secrets: tuple[Problem, ...] = ()
    broker: Problem | None = None
    runtimes: tuple[RuntimeReport, ...] = ()
    canary: CanaryReport | None = None
    unanswered: bool = False
    credentials: str = ""
    unserved: frozenset[str] = frozenset()
    now: datetime = EPOCH

    def apart(self) -> str:
        """Ready pods whose messages do not reach the others, in words; empty if all is well."""
        return apart(self.runtimes, frozenset(pod.name for pod in self.pods if pod.ready))

    def pods_of(self, component: str) -> tuple[Pod, ...]:
        """Pods of one component."""
        return tuple(pod for pod in self.pods if pod.component == component)

    def progress(self, workload: Ref) -> Progress | None:
        """How far a workload is; None if it does not exist."""
        child = self.children.get(workload)
        return child.progress if child else None
