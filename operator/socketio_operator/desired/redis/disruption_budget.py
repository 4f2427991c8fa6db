"""The PodDisruptionBudget of Redis: a node drain moves its pod, and never waits for it.

Redis is one pod, so a budget of none would block every drain of its node for ever. Clients outlive the move: they stay
connected, and with a volume nothing is lost.
"""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, object_meta, redis_name, selector


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest | None:
    """The budget, unless the user has one."""
    managed = cluster.spec.adapter.managed
    if managed and not managed.pod_disruption_budget:
        return None
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(cluster, REDIS)},
        },
    }
