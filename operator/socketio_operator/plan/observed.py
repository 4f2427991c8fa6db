"""What a reconcile looked at: one frozen picture, taken before anything is decided."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import COMPONENT_LABEL, SERVER
from socketio_operator.plan.runtime import RuntimeReport, apart

Live = Mapping[str, Any]
Acknowledged = Mapping[Ref, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps the cluster from being as asked for. `reason` is CamelCase, `message` one sentence."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Observed:
    """The world around one cluster.

    `children`: live objects by reference, ours and foreign ones that stand in our way.
    `pods`: live pods of the cluster, both components. `secrets`: problems of Secrets that the user names.
    `broker`: what an external broker answered, None if it is well or there is none.
    `runtimes`: what the injected runtimes of running pods report.
    """

    children: Mapping[Ref, Live] = field(default_factory=dict)
    pods: tuple[Live, ...] = ()
    secrets: tuple[Problem, ...] = ()
    broker: Problem | None = None
    runtimes: tuple[RuntimeReport, ...] = ()

    def apart(self) -> str:
        """Ready pods whose messages do not reach the others, in words; empty if all is well."""
        return apart(self.runtimes, frozenset(pod["metadata"]["name"] for pod in self.pods if pod_is_ready(pod)))

    def server_pods(self) -> tuple[Live, ...]:
        """Pods of the Socket.IO server."""
        return tuple(pod for pod in self.pods if pod["metadata"].get("labels", {}).get(COMPONENT_LABEL) == SERVER)


def pod_is_ready(pod: Live) -> bool:
    """Whether routers send clients to a pod."""
    conditions = pod.get("status", {}).get("conditions", ())
    return any(item["type"] == "Ready" and item["status"] == "True" for item in conditions)


Ownership = Literal["ours", "former", "foreign"]


def ownership(live: Live, cluster: SocketIOCluster) -> Ownership:
    """`ours`: our uid controls it. `former`: a deleted cluster of this name does; garbage collection is due."""
    for owner in live["metadata"].get("ownerReferences", ()):
        if owner.get("controller") and owner.get("kind") == "SocketIOCluster" and owner.get("name") == cluster.name:
            return "ours" if owner.get("uid") == cluster.uid else "former"
    return "foreign"


def workload_settled(live: Live | None) -> bool:
    """Whether a Deployment or StatefulSet has no pod of an earlier template left and all pods are ready."""
    if live is None:
        return False
    status, wanted = live.get("status", {}), live["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= live["metadata"].get("generation", 0)
        and status.get("updatedReplicas", 0) == wanted
        and status.get("replicas", 0) == wanted
        and status.get("readyReplicas", 0) == wanted
    )
