"""The PodDisruptionBudget of the proxy: node drains take one pod at a time."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import PROXY, object_meta, proxy_name, selector


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """At most one pod away by eviction, of whatever program; pods that cannot start never block a drain."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": object_meta(cluster, proxy_name(cluster), PROXY),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(cluster, PROXY)},
        },
    }
