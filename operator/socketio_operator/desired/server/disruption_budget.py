"""The PodDisruptionBudget: node drains take one pod at a time."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import SERVER, object_meta, selector


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """At most one pod away by eviction; pods that cannot start never block a drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": object_meta(cluster, cluster.name, SERVER),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(cluster, SERVER)},
        },
    }
