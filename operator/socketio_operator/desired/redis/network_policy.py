"""Only the pods of the same cluster reach its Redis."""

from socketio_operator.api import SocketIOCluster
from socketio_operator.desired.inputs import Inputs
from socketio_operator.desired.manifest import Manifest
from socketio_operator.desired.metadata import REDIS, SERVER, object_meta, redis_name, selector


def build(cluster: SocketIOCluster, inputs: Inputs) -> Manifest:
    """The NetworkPolicy."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": object_meta(cluster, redis_name(cluster), REDIS),
        "spec": {
            "podSelector": {"matchLabels": selector(cluster, REDIS)},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": [{"podSelector": {"matchLabels": selector(cluster, SERVER)}}],
                    "ports": [{"port": "redis", "protocol": "TCP"}],
                }
            ],
        },
    }
