"""Redis moves from the Deployment of earlier versions to a StatefulSet. Two of them never serve at once, as pods that
talk to different ones are apart; and it moves only when the pods of the server are those that stay ready meanwhile.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.kinds import Ref
from socketio_operator.desired.metadata import COMPONENT_LABEL, REDIS, redis_name
from socketio_operator.plan.observed import Live, Observed, Problem, ownership

MOVING = Problem(
    "BrokerMoving", "Redis moves from its Deployment to a StatefulSet: the new pod starts once the old one is gone."
)


def is_new_home(cluster: SocketIOCluster, ref: Ref) -> bool:
    """Whether this is the StatefulSet that the Deployment makes room for."""
    return ref == Ref("StatefulSet", redis_name(cluster))


def old_home(cluster: SocketIOCluster, observed: Observed) -> Live | None:
    """The Deployment of Redis, while there is one."""
    live = observed.children.get(Ref("Deployment", redis_name(cluster)))
    return live if live and ownership(live, cluster) == "ours" else None


def has_to_wait(cluster: SocketIOCluster, observed: Observed) -> bool:
    """Whether a Redis of the Deployment may still run."""
    return old_home(cluster, observed) is not None or any(map(_is_of_old_home, observed.pods))


def _is_of_old_home(pod: Live) -> bool:
    meta = pod["metadata"]
    owners = [owner.get("kind") for owner in meta.get("ownerReferences", ()) if owner.get("controller")]
    return meta.get("labels", {}).get(COMPONENT_LABEL) == REDIS and owners == ["ReplicaSet"]


def may_leave(old: Live, settled: bool) -> bool:
    """Whether the Deployment may go: all pods of the server are up to date, or it has nothing to lose."""
    return settled or old.get("status", {}).get("readyReplicas", 0) == 0
